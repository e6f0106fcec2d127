"""Small models of layers behind each other, drawn by a seed: combinations that nobody thought of."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import keras

from fpga_tf.layers import QEinsumDense, QScaleShift, QSigmoid, QSoftmax
from tests.conformance.bench import Bench
from tests.conformance.cases import SHARED, attention_layer, linformer_layer, norm_layer
from tests.conformance.dataflow_cases import dense_layer

L = keras.layers
LAYERS = 14
_VALUES = 40  # of a tensor: programs stay small
_PROBABILITY = "quantized_bits(8,0,keep_negative=0,alpha=1)"
# A layer on tensors drawn from a pool; None if none of them fits.
Step = Callable[[Bench, list[Any]], Any]


def _formats(b: Bench) -> dict[str, Any]:
    return {"output_quantizer": b.bits((5, 7), (2, 3))}


def _sequences(pool: list[Any]) -> list[Any]:
    return [t for t in pool if len(t.shape) == 3]


def _sequence(b: Bench, pool: list[Any]) -> Any:
    return b.pick(*_sequences(pool))


def _kept(b: Bench, x: Any, masks: dict[str, Any]) -> Any:
    """Make it an output, so that no mask is an input that nothing reads."""
    if set(masks) - {"use_causal_mask"}:
        b.out(x)
    return x


def _dense(b: Bench, pool: list[Any]) -> Any:
    options = {"activation": b.relu()} if b.chance() else {}
    return dense_layer(b, b.whole(1, 5), **options)(b.pick(*pool))


def _add(b: Bench, pool: list[Any]) -> Any:
    x = b.pick(*pool)
    return L.Add(name=b.name("add"))([x, b.pick(*(t for t in pool if t.shape == x.shape))])


def _concatenate(b: Bench, pool: list[Any]) -> Any:
    x = b.pick(*pool)
    fit = [t for t in pool if len(t.shape) == len(x.shape) and t.shape[:-1] == x.shape[:-1]]
    return L.Concatenate(name=b.name("cat"))([x, *(b.pick(*fit) for _ in range(b.whole(1, 2)))])


def _append(b: Bench, pool: list[Any]) -> Any:
    x = _sequence(b, pool)
    return L.Concatenate(axis=1, name=b.name("cat"))(
        [x, b.pick(*(t for t in _sequences(pool) if t.shape[-1] == x.shape[-1]))]
    )


def _flatten(b: Bench, pool: list[Any]) -> Any:
    return L.Flatten(name=b.name("flat"))(b.pick(*pool))


def _reshape(b: Bench, pool: list[Any]) -> Any:
    x = b.pick(*pool)
    count = prod(x.shape[1:])
    rows = b.pick(*(n for n in range(1, count + 1) if count % n == 0))
    return L.Reshape((rows, count // rows), name=b.name("shape"))(x)


def _permute(b: Bench, pool: list[Any]) -> Any:
    return L.Permute((2, 1), name=b.name("move"))(_sequence(b, pool))


def _attention(b: Bench, pool: list[Any]) -> Any:
    query, key = _sequence(b, pool), _sequence(b, pool)
    value = b.pick(*(t for t in _sequences(pool) if t.shape[1] == key.shape[1]))
    n, m = query.shape[1], key.shape[1]
    masks: dict[str, Any] = {"use_causal_mask": b.chance(0.3)}
    if b.chance(0.3):
        masks["value_mask"] = b.mask(m)
    if b.chance(0.2):
        masks["query_mask"] = b.mask(n)
    if b.chance(0.2):
        masks["attention_mask"] = b.mask(b.pick(1, n), m)
    layer = attention_layer(b, value_dim=b.whole(1, 4), **_formats(b))
    if b.chance(0.7):
        return _kept(b, layer(query, value, key, **masks), masks)
    context, weights = layer(query, value, key, return_attention_scores=True, **masks)
    b.out(weights)
    return context


def _linformer(b: Bench, pool: list[Any]) -> Any:
    query, key = _sequence(b, pool), _sequence(b, pool)
    masks = {"value_mask": b.mask(key.shape[1])} if b.chance(0.3) else {}
    options = SHARED if b.chance(0.3) else {}
    layer = linformer_layer(b, b.whole(1, 3), b.whole(1, 5), **_formats(b), **options)
    return _kept(b, layer(query, key, **masks), masks)


def _masked(b: Bench, pool: list[Any]) -> Any:
    x = L.Masking(0.0, name=b.name("masking"))(_sequence(b, pool))
    return b.quantised(attention_layer(b, b.whole(1, 3), **_formats(b))(x, x))  # without the mask


def _norm(b: Bench, pool: list[Any]) -> Any:
    return norm_layer(b)(b.pick(*pool))


def _softmax(b: Bench, pool: list[Any]) -> Any:
    layer = QSoftmax(
        input_quantizer=b.bits((5, 8), (2, 3)),
        output_quantizer=_PROBABILITY,
        stable=b.chance(0.7),
        name=b.name("softmax"),
    )
    return layer(b.pick(*pool))


def _sigmoid(b: Bench, pool: list[Any]) -> Any:
    return QSigmoid(b.bits((5, 7), (2, 3)), _PROBABILITY, name=b.name("sigmoid"))(b.pick(*pool))


def _mean(b: Bench, pool: list[Any]) -> Any:
    return b.quantised(L.GlobalAveragePooling1D(name=b.name("mean"))(_sequence(b, pool)), b.bits((5, 7), (2, 3)))


def _scale(b: Bench, pool: list[Any]) -> Any:
    return QScaleShift(b.weight(), b.weight(), b.fixed(), name=b.name("scale"))(b.pick(*pool))


def _mix(b: Bench, pool: list[Any]) -> Any:
    x = _sequence(b, pool)
    shape = b.whole(1, 6), x.shape[2]
    return QEinsumDense("abc,bd->adc", shape, b.weight(), None, b.bits((5, 7), (2, 3)), name=b.name("mix"))(x)


# What widens values gets a quantiser; what moves them, or has one, is read as it is.
_WIDER: tuple[Step, ...] = (_dense, _add, _norm, _scale)
# Moving is drawn more often: rows are cut, joined and turned in many ways.
_MOVING: tuple[Step, ...] = (_flatten, _reshape, _concatenate, _append, _permute)
STEPS = (*_WIDER, _dense, *_MOVING * 2, _attention, _linformer, _masked, _softmax, _sigmoid, _mean, _mix)


def random_model(seed: int) -> Any:
    """A model of three inputs or more, some of whose tensors are outputs."""
    b = Bench(seed)
    rows, channels = b.whole(1, 5), b.whole(1, 3)
    pool = [b.source(rows, channels), b.source(b.whole(1, 4), channels), b.source(b.whole(1, 5))]
    b.out(*(b.quantised(t, "quantized_bits(5,2,alpha=1)") for t in pool))
    while len(pool) < LAYERS + 3:
        step = b.pick(*STEPS)
        made = step(b, pool)
        if prod(made.shape[1:]) > _VALUES:
            continue  # it is not read
        pool.append(b.quantised(made, b.bits((4, 7), (1, 3))) if step in _WIDER else made)
        if b.chance(0.4):
            b.out(pool[-1])
    b.out(pool[-1])
    b.outputs = list({id(t): t for t in b.outputs}.values())
    return b.model()
