"""Numbers: formats, integer codes, quantiser semantics, lookup tables and the hardware softmax."""

from fpga_tf.fixedpoint.format import Format, Overflow, Rounding, smallest_format
from fpga_tf.fixedpoint.quantisers import bits_format, parse_quantiser, quantiser_text
from fpga_tf.fixedpoint.softmax import SoftmaxDesign, design_softmax, softmax_codes

__all__ = [
    "Format",
    "Overflow",
    "Rounding",
    "SoftmaxDesign",
    "bits_format",
    "design_softmax",
    "parse_quantiser",
    "quantiser_text",
    "smallest_format",
    "softmax_codes",
]
