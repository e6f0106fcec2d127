"""Models of HGQ2's layers; each becomes one program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from hgq.config import QuantizerConfigScope
from hgq.layers import (
    QAdd,
    QBatchNormalization,
    QDense,
    QEinsumDense,
    QGlobalAveragePooling1D,
    QLinformerAttention,
    QMultiHeadAttention,
    QSoftmax,
)
from hgq.utils import trace_minmax

L = keras.layers


class Bench:
    """Collects inputs and outputs of one model.

    Args:
        seed: of formats, weights and calibration.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self._count = 0

    def name(self, kind: str) -> str:
        """A layer name."""
        self._count += 1
        return f"{kind}{self._count}"

    def source(self, *shape: int) -> Any:
        """An input; the layer that reads it quantises it."""
        x = keras.Input(shape, name=self.name("in"))
        self.inputs.append(x)
        return x

    def out(self, *tensors: Any) -> None:
        """Make tensors outputs of the model."""
        self.outputs.extend(tensors)


def simple(b: Bench) -> None:
    """Dense, sum, batch normalisation, einsum, softmax, mean."""
    x, y = b.source(4, 3), b.source(4, 3)
    a = QDense(3, activation="relu", name=b.name("dense"))(x)
    c = QDense(3, use_bias=False, name=b.name("dense"))(y)
    total = QAdd(name=b.name("sum"))([a, c])
    normal = QBatchNormalization(name=b.name("norm"))(total)
    b.out(QSoftmax(enable_iq=True, name=b.name("softmax"))(normal))
    b.out(QEinsumDense("abc,cd->abd", (4, 2), bias_axes="d", name=b.name("einsum"))(normal))
    b.out(QAdd(name=b.name("sum"))([total, a]))
    flat = L.Flatten(name=b.name("flat"))(QDense(2, activation="relu", name=b.name("dense"))(c))
    b.out(QDense(2, name=b.name("dense"))(flat), QGlobalAveragePooling1D(name=b.name("mean"))(c))


def attentions(b: Bench) -> None:
    """Self and cross attention; key and value of other widths; Linformer's."""
    x, y = b.source(4, 3), b.source(3, 2)
    embedded = QDense(4, activation="relu", name=b.name("dense"))(x)
    b.out(QMultiHeadAttention(2, 2, name=b.name("attention"))(embedded, embedded))
    other = QDense(3, name=b.name("dense"))(y)
    b.out(QMultiHeadAttention(1, 2, value_dim=3, use_bias=False, name=b.name("attention"))(embedded, other))
    b.out(QLinformerAttention(1, 2, 2, name=b.name("linformer"))(embedded, embedded))


GROUPS: dict[str, tuple[Callable[[Bench], None], bool]] = {
    "elements": (simple, True),
    "tensors": (simple, False),
    "attention": (attentions, False),
    "attention of elements": (attentions, True),
}


def build_model(group: str, seed: int) -> Any:
    """The model of a group, its ranges traced over a calibration set."""
    case, each = GROUPS[group]
    bench = Bench(seed)
    axes: dict[str, Any] = {} if each else {"heterogeneous_axis": (), "homogeneous_axis": None}
    keras.utils.set_random_seed(seed)
    bits = int(bench.rng.integers(3, 6))
    with (
        QuantizerConfigScope(place="datalane", f0=bits, **axes),
        QuantizerConfigScope(place="weight", b0=bits + 1),
    ):
        case(bench)
    model = keras.Model(bench.inputs, bench.outputs)
    for layer in model.layers:
        if isinstance(layer, QBatchNormalization):
            size = layer.bn_gamma.shape
            layer.bn_gamma.assign(bench.rng.uniform(0.5, 1.5, size))
            layer.bn_beta.assign(bench.rng.normal(0, 0.5, size))
            layer.moving_mean.assign(bench.rng.normal(0, 0.5, size))
            layer.moving_variance.assign(bench.rng.uniform(0.5, 2, size))
    given = [bench.rng.normal(0, 2, (500, *t.shape[1:])).astype("float32") for t in model.inputs]
    trace_minmax(model, given if len(given) > 1 else given[0], verbose=False)
    return model
