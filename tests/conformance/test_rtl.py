"""Keras codes = codes of the traced arithmetic, for QKeras's layers and ours."""

from __future__ import annotations

import numpy as np
import pytest

from fpga_tf.errors import UserError

pytestmark = pytest.mark.qkeras
MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3)]
GROUPS = ("elementwise", "linear", "softmax", "norm", "attention", "masks", "linformer")


@pytest.mark.parametrize("seed", [0, *MORE])
@pytest.mark.parametrize("group", GROUPS)
def test_arithmetic_computes_what_keras_computes(group: str, seed: int) -> None:
    from fpga_tf.lower.walk import lower
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.rtl.trace import codes, trace
    from tests.conformance.cases import build_model
    from tests.conformance.proof import samples

    model = build_model(group, seed)
    lowered = lower(model)
    traced = trace(model, lowered)
    inputs = samples(lowered.inputs, np.random.default_rng(seed))
    found = codes(traced, [port.codes(x) for port, x in zip(lowered.inputs, inputs, strict=True)])
    keys = output_keys(model)
    wanted = evaluate(model, inputs, keys, exact=True)
    compared = 0
    for key, fmt, got in zip(keys, traced.outputs, found, strict=True):
        expected, on = fmt.codes_of(wanted[key])
        assert on.all()
        assert np.array_equal(expected, got), f"{(expected != got).sum()} of {got.size} {fmt} differ in {key}"
        compared += got.size
    assert compared > 10_000


def test_what_is_too_wide_is_refused() -> None:
    from fpga_tf.lower.walk import lower
    from fpga_tf.rtl.trace import trace
    from tests.conformance.cases import build_model

    model = build_model("wide", 0)
    with pytest.raises(UserError, match="at most 32 bits here to become RTL"):
        trace(model, lower(model))


def test_every_group_of_operators_is_tested() -> None:
    from tests.conformance.cases import GROUPS as BUILT

    assert {*GROUPS, "wide"} == set(BUILT)
