"""Small models that need every row kernel, most of them twice: few programs to compile, in many shapes."""

from __future__ import annotations

from typing import Any

import keras

from fpga_tf.layers import QEinsumDense, QScaleShift, QSigmoid, QSoftmax
from tests.conformance.bench import Bench
from tests.conformance.cases import SHARED, attention_layer, linformer_layer, norm_layer

L = keras.layers


def dense_layer(b: Bench, units: int, **options: Any) -> Any:
    """A QDense of random formats."""
    from qkeras import QDense

    given = {"kernel_quantizer": b.weight(), "bias_quantizer": b.weight(), **options}
    return QDense(units, name=b.name("dense"), **given)


def moved(b: Bench) -> None:
    """Sums, rows joined and cut, in FIFOs and in arrays; more readers than one copy has."""
    x, y, z = b.source(4, 3), b.source(4, 3, quantiser=b.relu()), b.source(4, 2)
    total = L.Add(name=b.name("add"))([x, y])
    b.out(b.quantised(L.Add(name=b.name("add"))([total, total])), b.quantised(total))
    joined = L.Concatenate(name=b.name("cat"))([total, z])
    longer = L.Concatenate(axis=1, name=b.name("cat"))([x, y])
    b.out(L.Concatenate(name=b.name("cat"))([joined, z]), L.Concatenate(axis=1, name=b.name("cat"))([longer, x]))
    flat, other = (L.Flatten(name=b.name("flat"))(t) for t in (joined, longer))
    b.out(dense_layer(b, 3)(flat), dense_layer(b, 2, use_bias=False)(other))
    turned = L.Permute((2, 1), name=b.name("move"))(z)
    b.out(turned, L.Permute((2, 1), name=b.name("move"))(turned), b.quantised(turned))
    b.out(dense_layer(b, 2)(L.Reshape((2, 6), name=b.name("shape"))(x)))
    b.out(L.Reshape((2, 4), name=b.name("shape"))(L.Dropout(0.1, name=b.name("drop"))(z)))
    b.out(L.Permute((2, 1), name=b.name("move"))(L.Reshape((4, 2), name=b.name("shape"))(turned)))
    # vectors and planes that travel in rows of another shape: joined, but not row by row
    pairs = [other, L.Flatten(name=b.name("flat"))(x)], [flat, flat]
    b.out(*(L.Concatenate(name=b.name("cat"))(pair) for pair in pairs))
    planes = [L.Reshape((3, 4), name=b.name("shape"))(t) for t in (x, y)]
    b.out(L.Concatenate(name=b.name("cat"))(planes), L.Concatenate(axis=1, name=b.name("cat"))(planes))


def rows(b: Bench) -> None:
    """What works on one row after the other."""
    x, y, vector = b.source(4, 3), b.source(3, 2), b.source(5)
    shared = dense_layer(b, 2)
    b.out(dense_layer(b, 4, activation=b.relu())(x), shared(y), shared(b.source(2)), dense_layer(b, 3)(vector))
    b.out(dense_layer(b, 2)(b.source(2, 2, 2)))
    b.out(*(QScaleShift(b.fixed(), b.fixed(), b.fixed(), name=b.name("scale"))(t) for t in (x, vector)))
    probability = "quantized_bits(9,0,keep_negative=0,alpha=1)"
    b.out(QSigmoid(b.bits((6, 8), (2, 3)), probability, name=b.name("sigmoid"))(y))
    b.out(
        QSigmoid(b.bits((4, 6), (1, 3), signed=False), "quantized_bits(9,2,1,alpha=1)", name=b.name("sigmoid"))(vector)
    )
    b.out(norm_layer(b)(x), norm_layer(b, scale=False, epsilon=0.5)(y))
    b.out(L.GlobalAveragePooling1D(name=b.name("mean"))(x))
    b.out(b.quantised(L.GlobalAveragePooling1D(name=b.name("mean"))(y)))
    formats: dict[str, Any] = {"input_quantizer": b.bits((6, 8), (2, 3)), "output_quantizer": probability}
    b.out(QSoftmax(**formats, name=b.name("softmax"))(x), QSoftmax(**formats, name=b.name("softmax"))(vector))
    b.out(QSoftmax(**formats, stable=False, name=b.name("softmax"))(x, mask=b.mask(4, 3)))
    b.out(QSoftmax(**formats, name=b.name("softmax"))(x, mask=b.mask(1, 3)))
    b.out(QEinsumDense("abc,bd->adc", (2, 3), b.weight(), None, b.fixed(), name=b.name("mix"))(x))


def attended(b: Bench) -> None:
    """Attentions to others' keys and to yet others' values, masked in every way; the weights as outputs."""
    x, y, z = b.source(4, 3), b.source(3, 2), b.source(3, 5)
    b.out(attention_layer(b, 3, key_dim=2, value_dim=1, use_bias=False)(x, y, z))
    b.out(*attention_layer(b, 2, key_dim=1, value_dim=2, softmax_error=0.05)(x, y, return_attention_scores=True))
    b.out(attention_layer(b, 2, key_dim=3)(x, x, use_causal_mask=True))
    b.out(*attention_layer(b, 2)(x, y, attention_mask=b.mask(4, 3), return_attention_scores=True))
    masks = {"query_mask": b.mask(4), "value_mask": b.mask(3), "attention_mask": b.mask(4, 1)}
    b.out(attention_layer(b, 2)(x, y, **masks, use_causal_mask=True))


def deep(b: Bench) -> None:
    """Blocks one behind the other, with paths around them; few keys; masks that travel."""
    x = b.source(5, 3)
    first = attention_layer(b, 2, output_quantizer=b.bits((6, 8), (2, 3)))(x, x)
    normal = norm_layer(b)(L.Add(name=b.name("add"))([first, x]))
    second = linformer_layer(b, 2, 2, output_quantizer=b.bits((6, 8), (2, 3)))(normal, normal, value_mask=b.mask(5))
    b.out(b.quantised(L.Add(name=b.name("add"))([second, normal])))
    b.out(linformer_layer(b, 1, 3, value_dim=2, **SHARED)(x, b.source(4, 2), b.source(4, 3)))
    masked = L.Masking(0.0, name=b.name("masking"))(b.source(4, 3))
    b.out(attention_layer(b, 2)(masked, masked), linformer_layer(b, 1, 2)(masked, masked))


GROUPS = {"rows": (moved, rows), "attention": (attended, deep)}


def build_model(group: str, seed: int = 0) -> Any:
    """The model of a group."""
    bench = Bench(seed)
    for case in GROUPS[group]:
        case(bench)
    return bench.model()
