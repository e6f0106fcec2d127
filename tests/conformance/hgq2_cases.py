"""Models of HGQ2's layers; each becomes one program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    QMaximum,
    QMinimum,
    QMultiHeadAttention,
    QMultiply,
    QSoftmax,
    QSubtract,
)
from hgq.utils import trace_minmax

from fpga_tf.models.quantisers import hgq_quantisers

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
    flat = L.Flatten(name=b.name("flat"))(c)
    b.out(c, QDense(2, name=b.name("dense"))(flat), QGlobalAveragePooling1D(name=b.name("mean"))(c))
    odd = QDense(3, activation="relu", name=b.name("dense"))(QGlobalAveragePooling1D(name=b.name("mean"))(y))
    b.out(QMultiply(name=b.name("times"))([odd, odd]), L.ReLU(name=b.name("relu"))(odd))
    less = QSubtract(name=b.name("minus"))([L.Permute((2, 1), name=b.name("turn"))(c), b.source(3, 4)])
    b.out(QMaximum(name=b.name("upper"))([less, b.inputs[-1]]), QMinimum(name=b.name("lower"))([less, b.inputs[-1]]))
    b.out(L.Concatenate(1, name=b.name("joined"))([total, a, normal]))


def attentions(b: Bench) -> None:
    """Self and cross attention; key and value of other widths; Linformer's."""
    x, y = b.source(4, 3), b.source(3, 2)
    embedded = QDense(4, activation="relu", name=b.name("dense"))(x)
    b.out(QMultiHeadAttention(2, 2, name=b.name("attention"))(embedded, embedded))
    other = QDense(3, name=b.name("dense"))(y)
    b.out(QMultiHeadAttention(1, 2, value_dim=3, use_bias=False, name=b.name("attention"))(embedded, other))
    b.out(QLinformerAttention(1, 2, 2, name=b.name("linformer"))(embedded, embedded))


def transformer(particles: int) -> Callable[[Bench], None]:
    """Two encoder blocks as in published jet taggers, one of either attention, then everything into a dense head."""

    def case(b: Bench) -> None:
        x = QDense(4, activation="relu", name=b.name("embed"))(b.source(particles, 3))
        for heads in (1, 2):
            kind, more = (QMultiHeadAttention, {}) if heads == 2 else (QLinformerAttention, {"lin_kv_proj_dim": 2})
            attended = kind(num_heads=heads, key_dim=2, name=b.name("attention"), **more)(x, x)
            x = QAdd(name=b.name("sum"))([attended, x])
            hidden = QDense(5, activation="relu", name=b.name("hidden"))(x)
            back = QDense(4, activation="relu", name=b.name("back"))(hidden)
            x = QAdd(name=b.name("sum"))([back, x])
        x = QDense(4, activation="relu", name=b.name("dense"))(L.Flatten(name=b.name("flat"))(x))
        b.out(QDense(5, name=b.name("dense"))(x))

    return case


@dataclass(frozen=True)
class Group:
    """A model of the suite.

    Attributes:
        case: builds it.
        each: every element has a width of its own.
        trained: widths are drawn, as training leaves them: none, below zero, above; tables collapsed.
    """

    case: Callable[[Bench], None]
    each: bool
    trained: bool = False


GROUPS = {
    "elements": Group(simple, True),
    "tensors": Group(simple, False),
    "attention": Group(attentions, False),
    "attention of elements": Group(attentions, True),
    "trained": Group(simple, True, trained=True),
    "trained attention": Group(attentions, True, trained=True),
    "8 particles": Group(transformer(8), True, trained=True),
    "16 particles": Group(transformer(16), True, trained=True),
    "32 particles": Group(transformer(32), True, trained=True),
}


def build_model(group: str, seed: int) -> Any:
    """The model of a group, its ranges traced over a calibration set."""
    found = GROUPS[group]
    bench = Bench(seed)
    axes: dict[str, Any] = {} if found.each else {"heterogeneous_axis": (), "homogeneous_axis": None}
    if found.trained:
        axes |= {"overflow_mode": ("WRAP", "SAT")[seed % 2]}
    keras.utils.set_random_seed(seed)
    bits = int(bench.rng.integers(3, 6))
    with (
        QuantizerConfigScope(place="datalane", f0=bits, **axes),
        QuantizerConfigScope(place="weight", b0=bits + 1),
    ):
        found.case(bench)
    model = keras.Model(bench.inputs, bench.outputs)
    _spread(model, bench.rng)
    given = [bench.rng.normal(0, 2, (500, *t.shape[1:])).astype("float32") for t in model.inputs]
    trace_minmax(model, given if len(given) > 1 else given[0], verbose=False)
    if found.trained:
        parts = list(hgq_quantisers(model).values())
        collapsed = [part for part in parts if part.name.endswith("inv_table_iq")][::2]
        for part in parts:
            _train(part.quantizer, bench.rng, collapsed=any(part is one for one in collapsed))
    return model


def _spread(model: Any, rng: np.random.Generator) -> None:
    """Give batch normalisations and biases values that show."""
    for layer in model.layers:
        if isinstance(layer, QBatchNormalization):
            size = layer.bn_gamma.shape
            layer.bn_gamma.assign(rng.uniform(0.5, 1.5, size))
            layer.bn_beta.assign(rng.normal(0, 0.5, size))
            layer.moving_mean.assign(rng.normal(0, 0.5, size))
            layer.moving_variance.assign(rng.uniform(0.5, 2, size))
        for variable in layer.weights:
            if variable.path.endswith("/bias"):
                variable.assign(rng.normal(0, 0.5, variable.shape))


def _train(quantiser: Any, rng: np.random.Generator, *, collapsed: bool) -> None:
    """Move the widths of a quantiser away from what its ranges ask for."""
    bits = quantiser._b if hasattr(quantiser, "_b") else quantiser._f
    shape = tuple(bits.shape)
    moved = np.asarray(bits) + rng.integers(-4, 2, shape)
    bits.assign(np.where(rng.random(shape) < 0.15, -6, moved) if not collapsed else np.full(shape, -30.0))
    if not quantiser._is_weight:
        quantiser._i.assign(np.asarray(quantiser._i) - (rng.random(shape) < 0.2))
        quantiser._k.assign(np.asarray(quantiser._k) * (rng.random(shape) < 0.9))
