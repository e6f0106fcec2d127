"""Quantisation of tensors: the format's value forward, straight through backward."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from keras import ops

from fpga_tf.fixedpoint import Format, Overflow, Rounding
from fpga_tf.layers.quantise import quantise, round_to
from tests.fixedpoint.exact import formats


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("signed", [True, False])
def test_forward_equals_the_format(signed: bool, rounding: Rounding, overflow: Overflow) -> None:
    fmt = Format(signed, 3, 4, rounding, overflow)
    x = np.arange(-2000, 2001, dtype=np.float32) / 64.0
    found = np.asarray(quantise(ops.convert_to_tensor(x), fmt))
    np.testing.assert_array_equal(found, fmt.dequantise(fmt.quantise(x)))


@given(formats(max_width=23), st.integers(0, 10**6))
def test_forward_equals_any_format_that_float32_holds(fmt: Format, seed: int) -> None:
    x = (np.random.default_rng(seed).integers(-(2**24), 2**24, 200) * fmt.lsb / 8).astype(np.float32)
    found, on = fmt.codes_of(np.asarray(round_to(ops.convert_to_tensor(x), fmt)))
    assert on.all()
    np.testing.assert_array_equal(found, fmt.quantise(x))


def test_gradient_passes_everywhere() -> None:
    x = tf.constant([-100.0, -1.3, 0.0, 0.26, 7.99, 100.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(
            ops.multiply(quantise(x, Format(True, 2, 2, Rounding.RND_CONV, Overflow.SAT)), [1.0, 2, 3, 4, 5, 6])
        )
    np.testing.assert_array_equal(tape.gradient(y, x), [1, 2, 3, 4, 5, 6])


def test_none_changes_nothing() -> None:
    x = ops.convert_to_tensor([0.1, 0.2])
    assert quantise(x, None) is x
