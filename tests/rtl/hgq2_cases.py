"""Models of HGQ2's layers with every rounding and overflow; some that hls4ml would not take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from hgq.config import QuantizerConfig, QuantizerConfigScope
from hgq.layers import (
    QAdd,
    QAveragePow2,
    QBatchNormDense,
    QDense,
    QEinsum,
    QEinsumDenseBatchnorm,
    QGlobalAveragePooling1D,
    QGlobalMaxPooling1D,
    QLinformerAttention,
    QMaximum,
    QMinimum,
    QMultiHeadAttention,
    QMultiply,
    QSoftmax,
    QSubtract,
    QUnaryFunctionLUT,
)
from hgq.quantizer import Quantizer
from hgq.utils import trace_minmax

from fpga_tf.fixedpoint import Format
from tests.conformance.hgq2_cases import Bench

L = keras.layers
ROUNDINGS = ("TRN", "RND", "RND_CONV", "TRN_ZERO", "RND_ZERO", "RND_INF", "RND_MIN_INF", "S_RND")


def config(b: Bench, rounding: str = "RND", overflow: str = "WRAP") -> QuantizerConfig:
    """A quantiser with bits of its own for each element, some of them none."""
    low, high = (int(n) for n in b.rng.integers((-1, 1), (1, 4)))
    bits = [keras.initializers.RandomUniform(low, high, seed=int(b.rng.integers(1 << 30))) for _ in "if"]
    k0 = bool(b.rng.random() < 0.6)
    return QuantizerConfig("kif", k0=k0, i0=bits[0], f0=bits[1], round_mode=rounding, overflow_mode=overflow)


def quantisers(b: Bench) -> None:
    """Every rounding with every overflow, some with no bits at all."""
    x = b.source(5, 4)
    for overflow in ("WRAP", "SAT", "SAT_SYM"):
        for rounding in ROUNDINGS:
            b.out(Quantizer(config(b, rounding, overflow), name=b.name("quantiser"))(x))


def means(b: Bench) -> None:
    """Means over rows that are no power of two, rounded by those who read them."""
    for rows in (3, 4, 6, 7):
        x = b.source(rows, 2)
        mean = QGlobalAveragePooling1D(name=b.name("mean"), iq_conf=config(b))(x)
        for rounding in ROUNDINGS:
            b.out(Quantizer(config(b, rounding, "SAT"), name=b.name("quantiser"))(mean))
        b.out(QDense(2, name=b.name("dense"))(mean))
        b.out(QGlobalAveragePooling1D(name=b.name("mean"), enable_oq=True, keepdims=True)(x))


def merges(b: Bench) -> None:
    """Two tensors into one, and other shapes of one."""
    x, y = b.source(4, 3), b.source(4, 3)
    a, c = QDense(3, name=b.name("dense"))(x), QDense(3, name=b.name("dense"))(y)
    for kind in (QAdd, QSubtract, QMultiply, QMaximum, QMinimum, QAveragePow2):
        b.out(kind(name=b.name("merge"))([a, c]))
    for axis in (1, 2, -1):
        b.out(L.Concatenate(axis=axis, name=b.name("join"))([a, c]))
    rectified = L.ReLU(name=b.name("relu"))(L.Dropout(0.5, name=b.name("dropout"))(a))
    b.out(L.Subtract(name=b.name("merge"))([a, c]))
    for kind in (L.Add, L.Multiply, L.Maximum, L.Minimum):
        b.out(kind(name=b.name("merge"))([a, c, rectified]))
    b.out(
        L.Activation("relu", name=b.name("relu"))(c),
        L.Permute((2, 1), name=b.name("turn"))(a),
        L.Reshape((6, 2), name=b.name("shape"))(a),
    )
    b.out(QEinsum("abc,adc->abd", name=b.name("einsum"))([a, c]))
    b.out(QGlobalMaxPooling1D(name=b.name("max"))(rectified), L.Flatten(name=b.name("flat"))(a))


def functions(b: Bench) -> None:
    """Tables, softmaxes, normalised products."""
    x = b.source(4, 3)
    a = QDense(3, name=b.name("dense"))(x)
    for function in ("tanh", "sigmoid", "gelu", "exponential"):
        b.out(QUnaryFunctionLUT(function, name=b.name("function"))(a))
    b.out(QSoftmax(enable_iq=True, name=b.name("softmax"))(a))
    b.out(QSoftmax(name=b.name("softmax"))(a))
    b.out(QSoftmax(enable_iq=True, stable=False, axis=1, name=b.name("softmax"))(a))
    b.out(QBatchNormDense(2, activation="relu", name=b.name("dense"))(a))
    b.out(QEinsumDenseBatchnorm("abc,cd->abd", (4, 2), bias_axes="d", name=b.name("einsum"))(a))


def attentions(b: Bench) -> None:
    """Fused projections; arguments by name; no safe softmax; one projection for key and value."""
    x, y = b.source(3, 4), b.source(2, 4)
    a, c = QDense(4, name=b.name("dense"))(x), QDense(4, name=b.name("dense"))(y)
    b.out(QMultiHeadAttention(2, 2, fuse="qkv", name=b.name("attention"))(a, a, a))
    b.out(QMultiHeadAttention(1, 3, fuse="kv", name=b.name("attention"))(a, c, c))
    b.out(QMultiHeadAttention(1, 2, name=b.name("attention"))(a, c, key=c))
    b.out(QMultiHeadAttention(1, 2, stable_softmax=False, name=b.name("attention"))(c, a))
    b.out(QLinformerAttention(1, 2, 2, share_kv_proj=True, name=b.name("linformer"))(a, a))


GROUPS: dict[str, Callable[[Bench], None]] = {
    "quantisers": quantisers,
    "means": means,
    "merges": merges,
    "functions": functions,
    "attentions": attentions,
}


def build_model(group: str, seed: int) -> Any:
    """The model of a group, its ranges traced over a calibration set of less range than its ports have."""
    bench = Bench(seed)
    keras.utils.set_random_seed(seed)
    rounding, overflow = ("RND", "TRN", "RND_CONV")[seed % 3], ("WRAP", "SAT", "SAT_SYM")[seed // 3 % 3]
    with (
        QuantizerConfigScope(place="datalane", f0=2, round_mode=rounding, overflow_mode=overflow),
        QuantizerConfigScope(place="weight", b0=4),
    ):
        GROUPS[group](bench)
    model = keras.Model(bench.inputs, bench.outputs)
    for weight in model.weights:
        if weight.path.endswith(("gamma", "variance")):
            weight.assign(bench.rng.uniform(0.5, 1.5, weight.shape))
    if group != "quantisers":  # these have bits of their own
        given = [bench.rng.normal(0.5, 1, (500, *t.shape[1:])).astype("float32") for t in model.inputs]
        trace_minmax(model, given if len(given) > 1 else given[0], verbose=False)
    return model


def codes_of(model: Any, port: Format, seed: int) -> list[np.ndarray]:
    """Codes over the whole range of each input's port, its ends included."""
    rng = np.random.default_rng(seed)
    found = []
    for tensor in model.inputs:
        shape = tuple(tensor.shape[1:])
        ends = rng.choice([port.min_code, 0, port.max_code], (40, *shape))
        found.append(np.concatenate([rng.integers(port.min_code, port.max_code + 1, (400, *shape)), ends]))
    return found
