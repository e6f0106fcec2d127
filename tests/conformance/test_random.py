"""Keras codes = C-simulation codes of models drawn at random, in shapes drawn at random and unrolled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fpga_tf.hls.shapes import LayerShape, Shapes
from fpga_tf.store import Store

if TYPE_CHECKING:
    from tests.conformance.bench import Bench

pytestmark = pytest.mark.qkeras
REUSE = (1, 2, 3, 5, 9, 1000)
FEW, MANY = range(1), range(1, 24)


def shape(b: Bench) -> LayerShape:
    """A layer's way into hardware."""
    return LayerShape() if b.chance(0.3) else LayerShape("dataflow", b.pick(*REUSE), b.pick("parallel", "in_turn"))


def shapes(b: Bench, names: list[str]) -> Shapes:
    """A model's: some layers have one of their own."""
    whole = LayerShape("dataflow", b.pick(*REUSE), b.pick("parallel", "in_turn"))
    layers: dict[str, Any] = {name: shape(b) for name in names if b.chance(0.3)}
    return Shapes(whole, layers, b.pick("io_parallel", "io_stream"))


@pytest.mark.parametrize("seed", [*FEW, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)])
def test_every_shape_computes_what_keras_computes(seed: int, tmp_path: Path, store: Store) -> None:
    from fpga_tf.hls.simulate import simulate
    from tests.conformance.bench import Bench
    from tests.conformance.proof import make, prove, run, samples
    from tests.conformance.random_models import random_model

    b, model = Bench(seed), random_model(seed)
    backend = b.pick("Vitis", "Vivado")
    for name, given in (("rows", shapes(b, [layer.name for layer in model.layers])), ("unrolled", Shapes())):
        project = make(model, tmp_path / name, store, shapes=given, backend=backend)
        inputs = samples(project.converted.inputs, np.random.default_rng(seed), each=30)
        proof = prove(project, inputs)
        assert proof.differing == {}
        assert proof.compared > 1000
        if project.manifest.network is not None:
            few = [x[::7] for x in inputs]
            codes = [port.codes(x) for port, x in zip(project.converted.inputs, few, strict=True)]
            at_once = simulate(project.program, project.manifest, codes, concurrent=True).outputs
            assert all(map(np.array_equal, at_once, run(project, few, traced=False).outputs))
