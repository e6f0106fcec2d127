"""Keras layers that compute what the hardware computes."""

from fpga_tf.layers.attention import QMultiHeadAttention
from fpga_tf.layers.einsum_dense import QEinsumDense
from fpga_tf.layers.layer_norm import QLayerNormalization
from fpga_tf.layers.linformer import QLinformerAttention
from fpga_tf.layers.scale_shift import QScaleShift
from fpga_tf.layers.sigmoid import QSigmoid
from fpga_tf.layers.softmax import QSoftmax

__all__ = [
    "QEinsumDense",
    "QLayerNormalization",
    "QLinformerAttention",
    "QMultiHeadAttention",
    "QScaleShift",
    "QSigmoid",
    "QSoftmax",
]
