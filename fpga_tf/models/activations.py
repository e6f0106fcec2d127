"""A float model's softmax and sigmoid: the layers with tables that take their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fpga_tf.fixedpoint import Format, sigmoid_input
from fpga_tf.layers import QSigmoid, QSoftmax
from fpga_tf.models.rebuild import Replacement

if TYPE_CHECKING:
    from fpga_tf.models.build import Builder

# A softmax is as good as its output's LSB, but no better than this: halving the error doubles the tables.
_SOFTMAX_ERROR = 2.0**-10


def softmax_error(fmt: Format) -> float | None:
    """What a softmax with results in `fmt` may be off by; None: one LSB."""
    return None if fmt.lsb >= _SOFTMAX_ERROR else _SOFTMAX_ERROR


def quantised_softmax(builder: Builder, layer: Any) -> Replacement:
    """A QSoftmax with the formats of the plan."""
    made: list[QSoftmax] = []
    result = builder.fmt(layer.name)

    def call(x: Any, mask: Any = None) -> Any:
        if not made:
            made.append(
                QSoftmax(layer.axis, _argument(builder, layer, x), result, softmax_error(result), name=layer.name)
            )
            made[0].design(tuple(x.shape))
        return builder.note(made[0](x) if mask is None else made[0](x, mask=mask), result)

    return call


def quantised_sigmoid(builder: Builder, layer: Any) -> Replacement:
    """A QSigmoid with the formats of the plan, its input cut to what a table holds."""
    made: list[QSigmoid] = []
    result = builder.fmt(layer.name)

    def call(x: Any, **_: Any) -> Any:
        if not made:
            made.append(QSigmoid(sigmoid_input(_argument(builder, layer, x), result), result, name=layer.name))
        return builder.note(made[0](x), result)

    return call


def _argument(builder: Builder, layer: Any, x: Any) -> Format:
    """The planned format of a table's input, or that which it has already if that is no wider."""
    planned, known = builder.fmt(f"{layer.name}/scores"), builder.known(x)
    return planned if known is None or known.width > planned.width else known
