"""Numbers: formats, integer codes, quantisers, lookup tables; the hardware softmax, sigmoid, layer normalisation."""

from fpga_tf.fixedpoint.format import Format, Overflow, Rounding, smallest_format
from fpga_tf.fixedpoint.layer_norm import LayerNormDesign, NormFormats, design_layer_norm, layer_norm_codes
from fpga_tf.fixedpoint.quantisers import bits_format, parse_quantiser, quantiser_text
from fpga_tf.fixedpoint.sigmoid import SigmoidDesign, design_sigmoid, sigmoid_codes, sigmoid_input
from fpga_tf.fixedpoint.softmax import SoftmaxDesign, design_softmax, softmax_codes

__all__ = [
    "Format",
    "LayerNormDesign",
    "NormFormats",
    "Overflow",
    "Rounding",
    "SigmoidDesign",
    "SoftmaxDesign",
    "bits_format",
    "design_layer_norm",
    "design_sigmoid",
    "design_softmax",
    "layer_norm_codes",
    "parse_quantiser",
    "quantiser_text",
    "sigmoid_codes",
    "sigmoid_input",
    "smallest_format",
    "softmax_codes",
]
