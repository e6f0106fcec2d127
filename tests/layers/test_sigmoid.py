"""QSigmoid: the table's codes forward, the true sigmoid's gradient backward."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, bits_format, sigmoid_codes
from fpga_tf.layers import QSigmoid

FORMATS = [
    (bits_format(8, 3), bits_format(9, 0, signed=False)),
    (bits_format(14, 4, symmetric=True), bits_format(12, 1)),
    (bits_format(6, 3, signed=False), bits_format(7, 0, symmetric=True)),
    (Format.parse("ap_fixed<9,4,TRN,WRAP>"), bits_format(5, 0, signed=False)),
]


def values(seed: int, shape: tuple[int, ...] = (50, 3, 2)) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 5, shape).astype(np.float32)


@pytest.mark.parametrize("formats", FORMATS, ids=str)
def test_codes_equal_the_reference(formats: tuple[Format, Format]) -> None:
    layer = QSigmoid(*formats)
    for dtype in (np.float32, np.float64):
        x = values(1).astype(dtype)
        y = np.asarray(layer.call(tf.constant(x)))
        assert y.dtype == dtype
        codes, on_grid = layer.output_format.codes_of(y)
        assert on_grid.all()
        np.testing.assert_array_equal(codes, sigmoid_codes(layer.design(), layer.input_format.quantise(x)))
    assert np.unique(codes).size > 10


def test_it_is_close_to_the_true_one() -> None:
    x = values(2)
    found = np.asarray(QSigmoid("quantized_bits(14,4,alpha=1)", "quantized_bits(10,0,keep_negative=0,alpha=1)")(x))
    assert np.abs(found - 1 / (1 + np.exp(-x.astype(float)))).max() < 2.0**-10


def test_gradient_is_the_true_sigmoids() -> None:
    layer = QSigmoid()
    x = tf.constant(values(3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(layer(x) * 3.0)
    p = 1 / (1 + np.exp(-layer.input_format.dequantise(layer.input_format.quantise(x.numpy()))))
    np.testing.assert_allclose(tape.gradient(y, x), 3 * p * (1 - p), atol=1e-6)


def test_it_is_saved_and_compiled(tmp_path: Path) -> None:
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, QSigmoid(*FORMATS[1])(inputs))
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    x = values(4)
    np.testing.assert_array_equal(model.predict(x, verbose=0), again(x))
    assert again.layers[-1].get_config() == model.layers[-1].get_config()


def test_what_hardware_lacks_is_refused() -> None:
    with pytest.raises(UserError, match="QSigmoid's quantizers must be given, not None") as caught:
        QSigmoid(None, name="s")
    assert caught.value.where == "layer s"
    with pytest.raises(UserError, match="at most 14 bits, not 16") as caught:
        QSigmoid("quantized_bits(16,3,alpha=1)", name="s")
    assert caught.value.where == "layer s"
