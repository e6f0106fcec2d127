"""Keras codes = C-simulation codes, for QKeras's layers and ours."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fpga_tf.store import Store

if TYPE_CHECKING:
    from tests.conformance.proof import Project

pytestmark = pytest.mark.qkeras
MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3)]
GROUPS = ("elementwise", "linear", "softmax", "norm", "attention", "masks", "linformer", "wide")


def draft_of(group: str, seed: int, folder: Path, store: Store) -> Callable[[], Project]:
    from tests.conformance.cases import build_model
    from tests.conformance.proof import draft

    return draft(build_model(group, seed), folder, store)


@pytest.mark.parametrize("seed", [0, *MORE])
@pytest.mark.parametrize("group", GROUPS)
def test_firmware_computes_what_keras_computes(
    group: str, seed: int, projects: dict[tuple[str, int], Future[Project]]
) -> None:
    from tests.conformance.proof import prove, samples

    project = projects[group, seed].result()
    proof = prove(project, samples(project.converted.inputs, np.random.default_rng(seed)))
    assert proof.differing == {}
    assert len(proof.constant) <= 2
    assert project.narrow == (group != "wide")
    assert proof.compared > 10_000


def test_every_group_of_operators_is_tested() -> None:
    from tests.conformance.cases import GROUPS as BUILT

    assert set(GROUPS) == set(BUILT)
