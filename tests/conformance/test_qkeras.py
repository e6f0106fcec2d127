"""Keras codes = C-simulation codes, for QKeras's layers and ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpga_tf.store import Store

pytestmark = pytest.mark.qkeras
MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3)]
GROUPS = ("elementwise", "linear", "softmax", "attention", "masks", "wide")


@pytest.mark.parametrize("seed", [0, *MORE])
@pytest.mark.parametrize("group", GROUPS)
def test_firmware_computes_what_keras_computes(group: str, seed: int, tmp_path: Path, store: Store) -> None:
    from tests.conformance.cases import build_model
    from tests.conformance.proof import make, prove, samples

    project = make(build_model(group, seed), tmp_path / "project", store)
    inputs = samples(project.converted.inputs, np.random.default_rng(seed))
    proof = prove(project, inputs)
    assert proof.differing == {}
    assert len(proof.constant) <= 2
    assert project.narrow == (group != "wide")
    assert proof.compared > 10_000
