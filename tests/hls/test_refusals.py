"""What cannot be honoured is refused, with the layer's name: never ignored, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format

pytestmark = pytest.mark.qkeras
W, B = "quantized_bits(6,1,alpha=1)", "quantized_bits(8,3,alpha=1)"
STAGES = ("query", "key", "value", "scores", "context", "output")
Build = Callable[[], Any]
CASES: dict[str, tuple[Build, str, str]] = {}


def case(name: str, message: str, where: str = "layer bad") -> Callable[[Build], Build]:
    """Registers a function that builds a model which must be refused."""

    def register(build: Build) -> Build:
        assert name not in CASES
        CASES[name] = build, message, where
        return build

    return register


def model(layer: Any, *shape: int, before: Callable[[Any], Any] | None = None, after: str | None = B) -> Any:
    """input -> QActivation -> `before` -> layer -> QActivation"""
    import keras
    from qkeras import QActivation

    inputs = keras.Input(shape or (3, 4), name="x")
    x = QActivation(B, name="x_q")(inputs)
    x = layer(x if before is None else before(x))
    return keras.Model(inputs, x if after is None else QActivation(after, name="y_q")(x))


def mha(**options: Any) -> Any:
    from fpga_tf.layers import QMultiHeadAttention

    given: dict[str, Any] = {
        "kernel_quantizer": W,
        "bias_quantizer": W,
        **{f"{s}_quantizer": B for s in STAGES},
        "attention_quantizer": "quantized_bits(8,0,keep_negative=0,alpha=1)",
        "name": "bad",
        **options,
    }
    return QMultiHeadAttention(given.pop("num_heads", 1), given.pop("key_dim", 2), **given)


def qdense(*arguments: Any, **options: Any) -> Any:
    from qkeras import QDense

    return QDense(*arguments, **{"kernel_quantizer": W, "bias_quantizer": W, "name": "bad", **options})


def layers() -> Any:
    import keras

    return keras.layers


@case("Lambda", "a layer must be one of .*QDense.*, not Lambda")
def _() -> Any:
    return model(layers().Lambda(lambda x: x, name="bad"))


@case("keras's own Dense", "a layer must be one of .*, not Dense")
def _() -> Any:
    return model(layers().Dense(3, name="bad"))


@case("keras's own attention", "a layer must be one of .*, not MultiHeadAttention")
def _() -> Any:
    return model(lambda x: layers().MultiHeadAttention(1, 2, name="bad")(x, x))


@case("LayerNormalization", "a layer must be one of .*, not LayerNormalization")
def _() -> Any:
    return model(layers().LayerNormalization(name="bad"))


@case("a sum that is no layer", "a layer must be one of .*, not the operation Add", "layer add")
def _() -> Any:
    return model(lambda x: x + x)


@case("an operation of keras.ops", "a layer must be one of .*, not the operation Exp", "layer exp")
def _() -> Any:
    import keras

    return model(keras.ops.exp)


@case("a model in the model", "a layer must be one of .*, not Functional", "layer inner")
def _() -> Any:
    import keras

    inner_input = keras.Input((3, 4))
    return model(keras.Model(inner_input, qdense(2)(inner_input), name="inner"))


@case("softmax of keras", "a layer must be one of .*, not Softmax")
def _() -> Any:
    return model(layers().Softmax(name="bad"))


@case("layer normalisation of keras", "a layer must be one of .*, not LayerNormalization")
def _() -> Any:
    return model(layers().LayerNormalization(name="bad"))


@case("a layer normalisation without quantisers", "a layer normalisation must have quantisers to be hardware")
def _() -> Any:
    from fpga_tf.layers import QLayerNormalization

    return model(QLayerNormalization(name="bad"))


@case("an activation without a format", "an activation must be relu or linear without options, not gelu")
def _() -> Any:
    return model(layers().Activation("gelu", name="bad"))


@case("softmax as an activation", "an activation must be relu or linear without options, not softmax")
def _() -> Any:
    return model(layers().Activation("softmax", name="bad"))


@case("a leaky rectifier", "an activation must be relu or linear without options, not relu")
def _() -> Any:
    return model(layers().ReLU(negative_slope=0.1, name="bad"))


@case("a bounded rectifier", "an activation must be relu or linear without options, not relu")
def _() -> Any:
    return model(layers().ReLU(max_value=6.0, name="bad"))


@case("a rectifier with a threshold", "an activation must be relu or linear without options, not relu")
def _() -> Any:
    return model(layers().ReLU(threshold=1.0, name="bad"))


@case("tanh", "a quantiser must be one of quantized_bits.*, not 'quantized_tanh'", "layer bad")
def _() -> Any:
    from qkeras import QActivation

    return model(QActivation("quantized_tanh(8)", name="bad"))


@case("a scale that is no power of two", "quantized_bits's alpha must be 1 or None in hardware, not 'auto'")
def _() -> Any:
    from qkeras import QActivation

    return model(QActivation("quantized_bits(8,0,alpha='auto')", name="bad"))


@case("a kernel scale that is no power of two", "kernel_quantizer's scale must be a power of two in hardware")
def _() -> Any:
    return model(qdense(3, kernel_quantizer="quantized_bits(8,0,alpha='auto')"))


@case("a dense without kernel quantiser", "kernel_quantizer must be given to be hardware, not None")
def _() -> Any:
    return model(qdense(3, kernel_quantizer=None))


@case("a dense without bias quantiser", "bias_quantizer must be given to be hardware, not None")
def _() -> Any:
    return model(qdense(3, bias_quantizer=None))


@case("a dense with a float activation", "activation must be a quantiser, not relu")
def _() -> Any:
    import keras

    layer = qdense(3)
    layer.activation = keras.activations.relu
    return model(layer)


@case("an einsum without kernel quantiser", "kernel_quantizer must be given to be hardware, not None")
def _() -> Any:
    from fpga_tf.layers import QEinsumDense

    return model(QEinsumDense("abc,cd->abd", (3, 2), name="bad"))


@case("an einsum with an unquantised bias", "bias_quantizer must be given to be hardware, not None")
def _() -> Any:
    from fpga_tf.layers import QEinsumDense

    return model(QEinsumDense("abc,cd->abd", (3, 2), W, bias_axes="d", name="bad"))


@case("an einsum with an activation", "QEinsumDense's activation must be None, not relu")
def _() -> Any:
    from fpga_tf.layers import QEinsumDense

    return model(QEinsumDense("abc,cd->abd", (3, 2), W, activation="relu", name="bad"))


@case("an einsum that sums an axis of the input alone", "an equation must sum over axes of both operands only")
def _() -> Any:
    from fpga_tf.layers import QEinsumDense

    return model(QEinsumDense("abc,cd->ad", 2, W, name="bad"))


@case("scale and shift without quantiser", "scale_quantizer and shift_quantizer must be given, not None")
def _() -> Any:
    from fpga_tf.layers import QScaleShift

    return model(QScaleShift(None, None, name="bad"))


@case("pooling without quantiser", "the mean over 3 rows must be quantised")
def _() -> Any:
    return model(layers().GlobalAveragePooling1D(name="bad"), after=None)


@case("pooling read by a dense", "the mean over 3 rows must be quantised")
def _() -> Any:
    return model(lambda x: qdense(2, name="reader")(layers().GlobalAveragePooling1D(name="bad")(x)))


@case("pooling with an odd rounding", "a mean must round half to even or truncate")
def _() -> Any:
    import keras
    from qkeras import QActivation

    inputs = keras.Input((3, 4), name="x")
    x = layers().GlobalAveragePooling1D(name="bad")(QActivation(B, name="x_q")(inputs))
    quantiser = QActivation(B, name="y_q")
    outputs = quantiser(x)
    quantiser.activation = "ap_fixed<8,4,RND,SAT>"
    return keras.Model(inputs, outputs)


@case("pooling behind a mask", "a pooling must not be masked")
def _() -> Any:
    return model(layers().GlobalAveragePooling1D(name="bad"), before=layers().Masking(name="masking"))


@case("channels first", "a pooling must be channels_last")
def _() -> Any:
    return model(layers().GlobalAveragePooling1D(data_format="channels_first", name="bad"))


@case("different masks in a sum", "a sum must not join different masks")
def _() -> Any:
    def both(x: Any) -> Any:
        return layers().Add(name="bad")([layers().Masking(v, name=f"m{int(v)}")(x) for v in (0.0, 1.0)])

    return model(both)


@case("masked tensors joined along the rows", "a concatenation of masked tensors must be along the last axis")
def _() -> Any:
    def both(x: Any) -> Any:
        return layers().Concatenate(axis=1, name="bad")([layers().Masking(name="m")(x), x])

    return model(both)


@case("different masks joined along the channels", "a concatenation must not join different masks")
def _() -> Any:
    def both(x: Any) -> Any:
        return layers().Concatenate(name="bad")([layers().Masking(v, name=f"m{int(v)}")(x) for v in (0.0, 1.0)])

    return model(both)


@case("a mask value between two codes", "mask_value must be a value of the input's format .*, not 0.1")
def _() -> Any:
    return model(layers().Masking(0.1, name="bad"))


@case("a softmax behind a mask", "a mask that travels must be used by attention only")
def _() -> Any:
    from fpga_tf.layers import QSoftmax

    return model(QSoftmax(name="bad"), before=layers().Masking(name="masking"))


def masked_softmax(mask_shape: tuple[int, ...], name: str = "bad", dtype: str = "bool") -> Any:
    import keras

    from fpga_tf.layers import QSoftmax

    mask = keras.Input(mask_shape, name="mask", dtype=dtype)
    inputs = keras.Input((3, 4), name="x")
    from qkeras import QActivation

    x = QActivation(B, name="x_q")(inputs)
    return inputs, mask, QSoftmax(name=name)(x, mask=mask)


@case("a softmax's mask of too few axes", "a softmax's mask must have 2 axes beside the batch, not 1")
def _() -> Any:
    import keras

    *inputs, y = masked_softmax((4,))
    return keras.Model(inputs, y)


@case("a softmax's mask over rows", r"a softmax's mask must cover the last axes of \(3, 4\) whole, not \(3, 1\)")
def _() -> Any:
    import keras

    *inputs, y = masked_softmax((3, 1))
    return keras.Model(inputs, y)


@case("a mask of more than a bit", "a mask must be one bit, not ap_fixed<12,6,")
def _() -> Any:
    import keras

    *inputs, y = masked_softmax((3, 4), dtype="float32")
    return keras.Model(inputs, y)


@case("a softmax's mask that reaches an attention", "attention's query must not carry the mask that a softmax")
def _() -> Any:
    import keras

    *inputs, y = masked_softmax((3, 4), name="softmax")
    return keras.Model(inputs, mha()(y, y))


@case("a kernel that is another each time", "kernel_quantizer must give the same values each time")
def _() -> Any:
    return model(qdense(3, kernel_quantizer="quantized_bits(6,0,alpha=1,use_stochastic_rounding=True)"))


@case("attention without any quantiser", "attention must have a quantiser for its kernels and every stage")
def _() -> Any:
    from fpga_tf.layers import QMultiHeadAttention

    return model(lambda x: QMultiHeadAttention(1, 2, name="bad")(x, x))


for _stage in (*STAGES[:3], "context", "kernel"):

    @case(f"attention without {_stage}_quantizer", "attention must have a quantiser for its kernels and every stage")
    def _(stage: str = _stage) -> Any:
        return model(lambda x: mha(**{f"{stage}_quantizer": None})(x, x))


def linformer(**options: Any) -> Any:
    from fpga_tf.layers import QLinformerAttention

    named = ("kernel", "bias", "key_projection", "value_projection")
    given = {
        **{f"{n}_quantizer": W for n in named},
        **{f"{s}_quantizer": B for s in ("key_tokens", "value_tokens", *STAGES)},
    }
    weight = "quantized_bits(8,0,keep_negative=0,alpha=1)"
    return QLinformerAttention(1, 2, 2, **{**given, "attention_quantizer": weight, "name": "bad", **options})


for _name in ("key_projection", "value_projection", "key_tokens", "value_tokens", "query", "kernel"):

    @case(f"Linformer without {_name}_quantizer", "attention must have a quantiser for its kernels and every stage")
    def _(name: str = _name) -> Any:
        return model(lambda x: linformer(**{f"{name}_quantizer": None})(x, x))


def masked_linformer(rows: int, **dtype: str) -> Any:
    import keras
    from qkeras import QActivation

    mask = keras.Input((rows,), name="mask", **dtype)
    x = keras.Input((3, 4), name="x")
    bits = mask if dtype else QActivation(B, name="mask_q")(mask)
    y = linformer()(*[QActivation(B, name="x_q")(x)] * 2, value_mask=bits)
    return keras.Model([x, mask], y)


@case("Linformer with a mask of several bits", "a mask must be one bit, not ap_fixed<8,4,")
def _() -> Any:
    return masked_linformer(3)


@case("Linformer with a mask over other tokens", r"a key mask must cover 3 keys, not shape \(4,\)")
def _() -> Any:
    return masked_linformer(4, dtype="bool")


@case("attention without bias quantiser", "bias_quantizer must be given to be hardware, not None")
def _() -> Any:
    return model(lambda x: mha(bias_quantizer=None)(x, x))


@case("masked attention over two axes", "a masked attention must have one query and one key axis")
def _() -> Any:
    return model(lambda x: mha(attention_axes=(1, 2))(x, x, use_causal_mask=True), 2, 2, 3)


@case("a mask per head", r"a attention mask must cover 3 queries and 3 keys, not shape \(2, 3, 3\)")
def _() -> Any:
    import keras

    mask = keras.Input((2, 3, 3), name="mask", dtype="bool")
    plain = model(layers().Dropout(0.1), after=None)
    x = plain.outputs[0]
    return keras.Model([plain.inputs[0], mask], mha(num_heads=2)(x, x, attention_mask=mask))


@case("a constant mask per head", r"a constant mask must have shape \(3, 3\), not \(2, 3, 3\)")
def _() -> Any:
    return model(lambda x: mha(num_heads=2)(x, x, attention_mask=np.ones((1, 2, 3, 3), bool)))


@case("a query mask that is a constant", "query_mask must be a tensor of the model")
def _() -> Any:
    return model(lambda x: mha()(x, x, query_mask=np.ones((1, 3), bool)))


@case("sums of different shapes", "Add must have inputs of one shape")
def _() -> Any:
    return model(lambda x: layers().Add(name="bad")([x, layers().Reshape((12, 1), name="r")(x)]), 1, 12)


@case("a permutation of four axes", "Permute must have at most 3 axes, not 4")
def _() -> Any:
    return model(layers().Permute((2, 1, 3, 4), name="bad"), 2, 2, 2, 2)


@case("a concatenation of four axes", "Concatenate must join a non-batch axis of at most 3")
def _() -> Any:
    return model(lambda x: layers().Concatenate(name="bad")([x, x]), 2, 2, 2, 2)


@case("an accumulator beyond 53 bits", "exact results must have at most 53 bits to be proved")
def _() -> Any:
    wide = "quantized_bits(24,1,alpha=1)"

    def deep(x: Any) -> Any:
        return qdense(2, kernel_quantizer=wide)(qdense(2, kernel_quantizer=wide, name="first")(x))

    return model(deep)


@case("an input without a format", "an input must be quantised first, by one format, not read by QDense", "input x")
def _() -> Any:
    import keras

    inputs = keras.Input((3,), name="x")
    return keras.Model(inputs, qdense(2)(inputs))


@case(
    "an input with two formats", "an input must be quantised first, by one format, not read by QActivation", "input x"
)
def _() -> Any:
    import keras
    from qkeras import QActivation

    inputs = keras.Input((3,), name="x")
    return keras.Model(inputs, [QActivation(q, name=f"q{i}")(inputs) for i, q in enumerate((W, B))])


@case("an input of any length", "an input must have a fixed shape, not .None, 4.", "input x")
def _() -> Any:
    import keras
    from qkeras import QActivation

    inputs = keras.Input((None, 4), name="x")
    return keras.Model(inputs, QActivation(B, name="x_q")(inputs))


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused(name: str, tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, convert

    build, message, where = CASES[name]
    with pytest.raises(UserError, match=message) as caught:
        convert(build(), Target("top", tmp_path / "project"))
    assert caught.value.where is not None and caught.value.where.startswith(where)
    assert not (tmp_path / "project").exists()


def test_a_declared_format_serves_an_input_that_nothing_quantises(tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, convert

    build, _, _ = CASES["an input without a format"]
    fmt = Format.parse("ap_fixed<10,4,RND_CONV,SAT>")
    converted = convert(build(), Target("top", tmp_path / "project"), fmt)
    assert [(p.format, p.raw) for p in converted.inputs] == [(fmt, False)]
