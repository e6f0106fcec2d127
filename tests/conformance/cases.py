"""Groups of operators; each group becomes one program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from fpga_tf.layers import (
    QEinsumDense,
    QLayerNormalization,
    QLinformerAttention,
    QMultiHeadAttention,
    QScaleShift,
    QSigmoid,
    QSoftmax,
)
from tests.conformance.bench import Bench

L = keras.layers


def quantisers(b: Bench) -> None:
    """Every kind of quantiser behind a wide source."""
    x = b.source(2, 3, quantiser="quantized_bits(13,4,alpha=1)")
    for text in (
        b.bits(),
        b.bits((2, 4), (5, 6)),  # coarser than one
        b.bits(signed=False),
        b.relu(),
        f"quantized_linear({b.whole(4, 8)},{b.whole(0, 3)},0,keep_negative=0)",
        f"quantized_bits({b.whole(4, 8)},{b.whole(0, 3)},1,alpha=1.0)",
    ):
        b.out(b.quantised(x, text))
    b.out(b.quantised(b.quantised(x), b.bits((10, 12), (5, 5))))  # into a finer grid


def sums(b: Bench) -> None:
    """Add of two, three, the same twice; exact, then quantised."""
    x, y, z = b.source(3, 2), b.source(3, 2), b.source(3, 2, quantiser=b.relu())
    two = L.Add(name=b.name("add"))([x, y])
    b.out(two, L.Add(name=b.name("add"))([y, z, two]), b.quantised(two))
    b.out(L.Add(name=b.name("twice"))([x, x]))


def shapes(b: Bench) -> None:
    """Layers that only move values."""
    x, y, z = b.source(3, 2), b.source(3, 2), b.source(4, 2)
    b.out(L.Concatenate(axis=1, name=b.name("cat"))([x, z, y]))
    b.out(L.Concatenate(axis=-1, name=b.name("cat"))([x, y]))
    b.out(L.Concatenate(name=b.name("cat"))([z, z]))
    wide = L.Concatenate(name=b.name("cat"))([L.Flatten(name=b.name("flat"))(t) for t in (x, z)])
    b.out(wide, L.Reshape((7, 2), name=b.name("shape"))(wide))
    cube = L.Reshape((2, 1, 3), name=b.name("shape"))(x)
    b.out(L.Permute((3, 1, 2), name=b.name("move"))(cube), L.Permute((2, 1), name=b.name("move"))(z))
    b.out(L.Concatenate(axis=3, name=b.name("cat"))([cube, L.Reshape((2, 1, 3), name=b.name("shape"))(y)]))


def simple(b: Bench) -> None:
    """Dropout, rectifiers, scale and shift."""
    x = b.source(3, 2)
    b.out(L.Dropout(0.3, name=b.name("drop"))(x), L.ReLU(name=b.name("relu"))(x))
    b.out(L.Activation("relu", name=b.name("act"))(x), L.Activation("linear", name=b.name("lin"))(x))
    b.out(QScaleShift(b.weight(), b.weight(), name=b.name("scale"))(x))
    for _ in range(3):
        b.out(QScaleShift(b.fixed(), b.fixed(), b.fixed(), name=b.name("scale"))(x))
    b.out(QScaleShift(b.weight(), b.weight(), b.fixed(), name=b.name("scale"))(b.source(4)))


def pooling(b: Bench) -> None:
    """Means over lengths that are powers of two and lengths that are not."""
    for rows in (1, 4, 3, b.pick(5, 6, 7), b.pick(9, 11, 13, 15)):
        mean = L.GlobalAveragePooling1D(name=b.name("mean"))(b.source(rows, 2))
        if rows & (rows - 1) == 0:
            b.out(mean)
        b.out(b.quantised(mean, b.bits((5, 9), (1, 3), signed=b.chance(0.7))))


def shared(b: Bench) -> None:
    """Layers that are called twice."""
    from qkeras import QActivation, QDense

    dense = QDense(2, kernel_quantizer=b.weight(), bias_quantizer=b.weight(), name=b.name("shared"))
    quant = QActivation(b.bits((5, 7), (2, 3)), name=b.name("shared"))
    for x in (b.source(3), b.source(3)):
        b.out(quant(dense(x)))


def dense(b: Bench) -> None:
    """QDense with and without bias and activation, on vectors, rows and planes."""
    from qkeras import QDense

    def layer(units: int, **options: Any) -> Any:
        given = {"kernel_quantizer": b.weight(), "bias_quantizer": b.weight(), **options}
        return QDense(units, name=b.name("dense"), **given)

    vector, rows, plane = b.source(b.whole(2, 5)), b.source(3, b.whole(2, 4)), b.source(2, 2, 2)
    b.out(layer(b.whole(1, 4))(vector), layer(3, use_bias=False)(rows), layer(2)(plane))
    b.out(layer(2, activation=b.relu())(rows), layer(3, activation=b.bits((5, 8), (2, 3)))(vector))
    b.out(layer(2, activation="linear")(vector))
    for text in (
        "quantized_bits(6,0,alpha='auto_po2')",
        b.pick("quantized_linear(5,1,alpha='auto_po2')", "quantized_bits(5,0,alpha=0.25)"),
        b.pick("ternary(alpha=1)", "binary(alpha=1)", "quantized_po2(4)"),
    ):
        b.out(b.quantised(layer(3, kernel_quantizer=text)(rows)))
    deep = b.quantised(layer(3, activation=b.relu())(rows))
    b.out(layer(2, use_bias=False)(L.Flatten(name=b.name("flat"))(deep)))
    b.out(layer(2, kernel_quantizer=b.bits((4, 5), (0, 1), signed=False))(vector))


def einsum(b: Bench) -> None:
    """QEinsumDense of several equations, with every rounding and overflow."""

    def layer(equation: str, shape: Any, bias: str | None, output: str | None = None) -> Any:
        return QEinsumDense(
            equation,
            shape,
            b.pick(b.weight(), b.fixed((4, 7), (1, 2))),
            None if bias is None else b.fixed((4, 8), (1, 3)),
            output,
            bias_axes=bias,
            name=b.name("einsum"),
        )

    x, cube = b.source(3, 4), b.source(2, 3, 2)
    b.out(layer("abc,cd->abd", (3, 2), "d")(x), layer("abc,cde->abde", (3, 2, 2), "de", b.fixed())(x))
    b.out(layer("abc,bd->adc", (2, 4), None)(x), layer("...c,cd->...d", 2, None, b.fixed())(x))
    b.out(layer("abcd,cde->abe", (2, 3), "e", b.fixed())(cube), layer("abcd,db->acb", (3, 2), "cb")(cube))
    for rounding in ("RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "TRN_ZERO"):
        text = f"ap_fixed<{b.whole(5, 8)},{b.whole(2, 4)},{rounding},{b.pick('SAT', 'WRAP', 'SAT_SYM', 'SAT_ZERO')}>"
        b.out(layer("abc,cd->abd", (3, 2), None, text)(x))


def softmaxes(b: Bench) -> None:
    """QSoftmax over every axis, masked, unstable, with errors large and small."""

    def layer(axis: Any = -1, **options: Any) -> Any:
        given = {
            "input_quantizer": b.bits((5, 9), (2, 4), signed=b.chance(0.8)),
            "output_quantizer": f"quantized_bits({b.whole(6, 10)},{b.whole(0, 1)},keep_negative=0,alpha=1)",
            **options,
        }
        return QSoftmax(axis, name=b.name("softmax"), **given)

    x, cube = b.source(3, 4), b.source(2, 3, 2, quantiser="quantized_bits(8,3,alpha=1)")
    b.out(layer()(x), layer(1)(x), layer((1, 2))(x), layer(2)(cube), layer((2, 3))(cube))
    b.out(layer()(x, mask=b.mask(3, 4)), layer((1, 2))(x, mask=b.mask(3, 4)), layer(1)(x, mask=b.mask(1, 4)))
    b.out(layer(2)(cube, mask=b.mask(1, 3, 2)), layer()(x, mask=b.mask(1, 4)))
    b.out(layer(stable=False, input_quantizer=b.bits((5, 8), (1, 2)))(x))
    b.out(layer(stable=False, input_quantizer=b.bits((5, 6), (2, 2), signed=False))(x, mask=b.mask(3, 4)))
    b.out(layer(error=0.1)(x), layer(error=0.001)(x), layer()(b.source(1)), layer()(b.source(6)))
    b.out(layer(output_quantizer="quantized_bits(9,0,1,alpha=1)", input_quantizer=b.fixed((6, 8), (3, 4)))(x))


def sigmoids(b: Bench) -> None:
    """QSigmoid of one input, rows and planes; signed and not, into formats narrow and wide."""

    def layer(source: str, result: str) -> Any:
        return QSigmoid(source, result, name=b.name("sigmoid"))

    probability = f"quantized_bits({b.whole(4, 12)},{b.whole(0, 1)},keep_negative=0,alpha=1)"
    x, plane = b.source(3, 4, quantiser="quantized_bits(9,3,alpha=1)"), b.source(2, 2, 2)
    b.out(layer(b.bits((6, 9), (2, 4)), probability)(x), layer(b.fixed((6, 9), (3, 4)), probability)(plane))
    b.out(layer(b.bits((4, 8), (2, 4), signed=False), "quantized_bits(9,2,1,alpha=1)")(x))
    b.out(layer("quantized_bits(12,3,alpha=1)", "quantized_bits(14,0,keep_negative=0,alpha=1)")(b.source(1)))


def norm_layer(b: Bench, **options: Any) -> Any:
    """A layer normalisation of random formats, of every rounding and overflow where it may have them."""

    def down(sign: str) -> str:
        modes = b.pick("RND_CONV", "TRN"), b.pick("SAT", "SAT", "WRAP", "SAT_ZERO")
        return f"ap_{sign}fixed<{b.whole(6, 11)},{b.whole(2, 5)},{','.join(modes)}>"

    given = {
        "input_quantizer": b.pick(b.bits((6, 9), (2, 3)), b.fixed((6, 9), (2, 4))),
        "mean_quantizer": down(""),
        "deviation_quantizer": b.pick(b.bits((6, 9), (2, 3)), b.fixed((6, 9), (3, 4))),
        "variance_quantizer": down("u"),
        "inverse_quantizer": b.bits((5, 9), (0, 4), signed=False),
        "gamma_quantizer": b.weight() if options.get("scale", True) else None,
        "beta_quantizer": b.weight() if options.get("center", True) else None,
        "output_quantizer": b.pick(b.bits((6, 9), (2, 3)), b.fixed((6, 9), (3, 4))),
        "name": b.name("norm"),
        **options,
    }
    return QLayerNormalization(**given)


def norms(b: Bench) -> None:
    """Layer normalisations of rows long and short, with every epsilon; saturated, and of a single value."""
    x, plane = b.source(3, 4), b.source(2, 2, 3, quantiser="quantized_bits(9,3,alpha=1)")
    b.out(norm_layer(b)(x), norm_layer(b, scale=False)(x), norm_layer(b, center=False)(x), norm_layer(b)(plane))
    b.out(norm_layer(b, scale=False, center=False, epsilon=0.5)(b.source(2, b.whole(5, 7))))
    b.out(norm_layer(b, epsilon=1e-5)(b.source(2, 6)), norm_layer(b, epsilon=2.0**-3)(b.source(9)))
    b.out(norm_layer(b, error=0.25)(x), norm_layer(b, axis=2, deviation_quantizer="quantized_bits(5,0,1,alpha=1)")(x))
    wide = {"variance_quantizer": "quantized_bits(12,5,keep_negative=0,alpha=1)", "epsilon": 2.0**-8}
    b.out(norm_layer(b, **wide)(x), norm_layer(b, **wide, inverse_quantizer="ap_ufixed<9,4,RND,SAT>")(b.source(8)))
    b.out(norm_layer(b)(b.source(1)), norm_layer(b)(b.source(3, 1)))
    fine = norm_layer(b, input_quantizer="quantized_bits(8,3,alpha=1)", mean_quantizer="quantized_bits(12,3,alpha=1)")
    b.out(L.Add(name=b.name("add"))([fine(b.source(2, 5)), b.source(2, 5)]))


def attention_layer(b: Bench, heads: int | None = None, cls: Any = QMultiHeadAttention, **options: Any) -> Any:
    """An attention of random formats."""
    given: dict[str, Any] = {
        "num_heads": heads or b.whole(1, 4),
        "key_dim": b.whole(1, 4),
        "kernel_quantizer": b.weight(),
        "bias_quantizer": b.weight(),
        **{f"{s}_quantizer": b.bits((5, 7), (2, 3)) for s in ("query", "key", "value", "context")},
        "scores_quantizer": b.bits((7, 9), (3, 5)),
        "attention_quantizer": f"quantized_bits({b.whole(5, 8)},0,keep_negative=0,alpha=1)",
        "output_quantizer": b.pick(None, b.bits((6, 8), (2, 3)), b.fixed((6, 8), (3, 4))),
        "name": b.name("attention"),
        **options,
    }
    return cls(**given)


def attentions(b: Bench) -> None:
    """Self and cross attention in all shapes."""
    x, y, z = b.source(4, 3), b.source(3, 2), b.source(3, 5)
    b.out(attention_layer(b, 2)(x, x), attention_layer(b, 1, key_dim=2, value_dim=3)(x, y))
    b.out(attention_layer(b, 3, key_dim=2, value_dim=1, use_bias=False)(x, y, z))
    b.out(*attention_layer(b, 4, key_dim=1, output_shape=2)(x, x, return_attention_scores=True))
    b.out(attention_layer(b, 4, key_dim=1)(x, x))  # a bias of shape (4, 1) beside four rows
    b.out(attention_layer(b, dropout=0.2, softmax_error=0.05, output_shape=(2, 2))(x, x))
    b.out(attention_layer(b, 2, attention_axes=(2,))(*[b.source(2, 3, 2)] * 2))
    b.out(attention_layer(b, 2, attention_axes=(1, 2))(*[b.source(2, 2, 3)] * 2))


def masked(b: Bench) -> None:
    """Attention with every kind of mask."""
    x, y = b.source(4, 3), b.source(3, 2)
    b.out(attention_layer(b, 2)(x, x, use_causal_mask=True))
    b.out(attention_layer(b, 1, sliding_window=2)(x, x))
    b.out(attention_layer(b, 1)(x, y, attention_mask=np.array(b.rng.random((1, 4, 3)) < 0.6)))
    b.out(*attention_layer(b, 2)(x, y, attention_mask=b.mask(4, 3), return_attention_scores=True))
    b.out(attention_layer(b, 1)(x, y, attention_mask=b.mask(1, 3), use_causal_mask=True))
    b.out(attention_layer(b, 1)(x, y, query_mask=b.mask(4), value_mask=b.mask(3), key_mask=b.mask(3)))


def travelling(b: Bench) -> None:
    """Masks that a Masking layer makes and Keras hands on unseen."""
    from qkeras import QDense

    x = L.Masking(0.0, name=b.name("masking"))(b.source(4, 3))
    y = L.Dropout(0.1, name=b.name("drop"))(x)
    b.out(attention_layer(b, 2)(y, y), attention_layer(b, 1)(b.source(3, 2), x, use_causal_mask=True))
    embedded = QDense(2, kernel_quantizer=b.weight(), bias_quantizer=b.weight(), name=b.name("dense"))(x)
    total = L.Add(name=b.name("add"))([embedded, embedded])
    b.out(attention_layer(b, 1, use_bias=False)(value=total, query=total, attention_mask=b.mask(4, 4)))
    both = L.Concatenate(name=b.name("cat"))([x, y])  # one mask still
    b.out(attention_layer(b, 1)(query=b.source(2, 3), value=both))
    normal = norm_layer(b)(x)
    b.out(attention_layer(b, 1)(normal, normal))


def linformer_layer(b: Bench, heads: int, proj_dim: int, **options: Any) -> Any:
    """A QLinformerAttention of random formats."""
    kernels = {f"{role}_projection_quantizer": b.weight() for role in ("key", "value")}
    tokens = {
        f"{role}_tokens_quantizer": b.pick(b.bits((6, 8), (2, 3)), b.fixed((6, 8), (2, 4))) for role in ("key", "value")
    }
    given = {"proj_dim": proj_dim, **kernels, **tokens, **options}
    return attention_layer(b, heads, QLinformerAttention, **given)


SHARED: dict[str, Any] = {"share_projections": True, "value_projection_quantizer": None}
EQUAL: dict[str, Any] = {f"{role}_tokens_quantizer": "quantized_bits(7,2,alpha=1)" for role in ("key", "value")}


def linformers(b: Bench) -> None:
    """Self and cross attention with few keys, with one matrix and with two, down to a single key."""
    x, y, z = b.source(5, 3), b.source(3, 2), b.source(3, 4)
    b.out(linformer_layer(b, 2, 2)(x, x), linformer_layer(b, 1, 4, value_dim=3)(x, y))
    b.out(linformer_layer(b, 3, 2, value_dim=1, use_bias=False)(x, y, z))
    b.out(linformer_layer(b, 2, 3, **SHARED, **EQUAL)(x, x), linformer_layer(b, 1, 2, **SHARED)(x, y, z))
    b.out(*linformer_layer(b, 2, 3, key_dim=2, output_shape=2)(x, x, return_attention_scores=True))
    b.out(linformer_layer(b, 1, 1, dropout=0.2, softmax_error=0.05)(y, x))


def linformers_masked(b: Bench) -> None:
    """Tokens that are left out, by masks that are given and by those that travel; queries, too."""
    from qkeras import QDense

    x, y, z = b.source(5, 3), b.source(3, 2), b.source(3, 4)
    b.out(linformer_layer(b, 2, 2)(x, x, value_mask=b.mask(5)))
    b.out(linformer_layer(b, 1, 2, **SHARED, **EQUAL)(x, x, query_mask=b.mask(5), value_mask=b.mask(5)))
    b.out(linformer_layer(b, 1, 2)(x, y, z, value_mask=b.mask(3), key_mask=b.mask(3)))
    b.out(*linformer_layer(b, 2, 2)(x, y, query_mask=b.mask(5), return_attention_scores=True))
    masked = L.Masking(0.0, name=b.name("masking"))(b.source(4, 3))
    options = {"kernel_quantizer": b.weight(), "bias_quantizer": b.weight(), "activation": b.relu()}
    embedded = QDense(2, **options, name=b.name("dense"))(masked)
    b.out(linformer_layer(b, 2, 2)(embedded, embedded), linformer_layer(b, 1, 3)(x, embedded, key_mask=b.mask(4)))


def wide(b: Bench) -> None:
    """Formats of 16 bits and more: sums beyond float32."""
    from qkeras import QDense

    text = "quantized_bits(16,5,alpha=1)"
    x = b.source(3, 4, quantiser=text)
    kernel = {"kernel_quantizer": "quantized_bits(16,1,alpha=1)", "bias_quantizer": "quantized_bits(18,2,alpha=1)"}
    y = QDense(3, **kernel, name=b.name("dense"))(x)
    b.out(y, b.quantised(y, text), QDense(2, **kernel, activation=text, name=b.name("dense"))(x))
    b.out(L.Add(name=b.name("add"))([y, y]), L.ReLU(name=b.name("relu"))(y))
    b.out(QEinsumDense("abc,cde->aebd", (2, 3, 2), text, text, name=b.name("einsum"))(x))
    b.out(QScaleShift(text, text, name=b.name("scale"))(x), QScaleShift(text, text, text, name=b.name("scale"))(y))
    stages = {f"{s}_quantizer": text for s in ("query", "key", "value", "context")}
    stages["scores_quantizer"] = "quantized_bits(17,8,alpha=1)"
    attention = "quantized_bits(12,0,keep_negative=0,alpha=1)"
    b.out(attention_layer(b, 2, **kernel, **stages, attention_quantizer=attention, output_quantizer=None)(x, x))
    tokens = {f"{n}_quantizer": text for n in ("key_tokens", "value_tokens", "key_projection", "value_projection")}
    stages |= {**tokens, "attention_quantizer": attention}
    b.out(linformer_layer(b, 1, 2, **kernel, **stages, output_quantizer=None)(x, x))
    b.out(QSoftmax(input_quantizer="quantized_bits(16,7,alpha=1)", name=b.name("softmax"))(x))
    given = {f"{s}_quantizer": text for s in ("input", "mean", "deviation", "gamma", "beta", "output")}
    given["variance_quantizer"] = "quantized_bits(18,8,keep_negative=0,alpha=1)"
    given["inverse_quantizer"] = "quantized_bits(12,4,keep_negative=0,alpha=1)"
    b.out(norm_layer(b, **given)(x), norm_layer(b, **given)(b.source(2, 6, quantiser=text)))
    b.out(b.quantised(L.GlobalAveragePooling1D(name=b.name("mean"))(x), "quantized_bits(14,4,alpha=1)"))


GROUPS: dict[str, tuple[Callable[[Bench], None], ...]] = {
    "elementwise": (quantisers, sums, shapes, simple, pooling, shared),
    "linear": (dense, einsum),
    "softmax": (softmaxes, sigmoids),
    "norm": (norms,),
    "attention": (attentions,),
    "masks": (masked, travelling),
    "linformer": (linformers, linformers_masked),
    "wide": (wide,),
}


def build_model(group: str, seed: int) -> Any:
    """The model of a group."""
    bench = Bench(seed)
    for case in GROUPS[group]:
        case(bench)
    return bench.model()
