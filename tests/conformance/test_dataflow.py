"""Keras codes = C-simulation codes in the dataflow shape: both kinds of ports, every reuse factor, heads in turn."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fpga_tf.store import Store

if TYPE_CHECKING:
    from fpga_tf.hls.shapes import Shapes
    from tests.conformance.proof import Project

pytestmark = pytest.mark.qkeras
PORTS = ("io_parallel", "io_stream")
REUSE = (1, 2, 3, 7, 1000)
HEADS = ("parallel", "in_turn")
DEFAULT = ("rows-io_parallel-3-parallel", "attention-io_stream-2-in_turn")
EVERY = [
    *(f"rows-{ports}-{reuse}-parallel" for ports in PORTS for reuse in REUSE),
    *(f"attention-{ports}-{reuse}-{heads}" for ports in PORTS for reuse in REUSE for heads in HEADS),
]
# the groups of the unrolled shape, each with two settings of its own
GROUPS = ("elementwise", "linear", "softmax", "norm", "attention", "masks", "linformer", "wide")
LARGE = [
    f"large {group}-{ports}-{REUSE[(2 * i + j) % len(REUSE)]}-{HEADS[(i + j) % 2]}"
    for i, group in enumerate(GROUPS)
    for j, ports in enumerate(PORTS)
]
SLOW = [pytest.param(one, marks=pytest.mark.slow) for one in (*EVERY, *LARGE) if one not in DEFAULT]
# what has no row kernel, or whose values lie across rows: a transposition, and rows that are cut anew
UNROLLED: dict[str, set[str]] = {
    "rows": {"move19", "move20", "dense22", "move26", "shape27", "cat33", "dense46"},
    "attention": set(),
}


def model_of(name: str, seed: int = 0) -> Any:
    from tests.conformance import cases, dataflow_cases

    if name.startswith("large "):
        return cases.build_model(name.removeprefix("large "), seed)
    return dataflow_cases.build_model(name, seed)


def shapes_of(ports: str, reuse: str, heads: str) -> Shapes:
    from fpga_tf.hls.shapes import LayerShape, Shapes

    return Shapes(LayerShape("dataflow", int(reuse), heads), {}, ports)  # type: ignore[arg-type]


def draft_of(group: str, seed: int, folder: Path, store: Store) -> Callable[[], Project]:
    from tests.conformance.proof import draft

    name, *shape = group.split("-")
    return draft(model_of(name, seed), folder, store, shapes=shapes_of(*shape))


@pytest.mark.parametrize("seed", [0])
@pytest.mark.parametrize("group", [*DEFAULT, *SLOW])
def test_rows_compute_what_keras_computes(
    group: str, seed: int, projects: dict[tuple[str, int], Future[Project]]
) -> None:
    from fpga_tf.hls.simulate import simulate
    from tests.conformance.proof import prove, run, samples

    project = projects[group, seed].result()
    inputs = samples(project.converted.inputs, np.random.default_rng(seed))
    proof = prove(project, inputs)
    assert proof.differing == {}
    assert len(proof.constant) <= 2
    assert proof.compared > 10_000
    few = [x[::10] for x in inputs]
    codes = [port.codes(x) for port, x in zip(project.converted.inputs, few, strict=True)]
    at_once = simulate(project.program, project.manifest, codes, concurrent=True).outputs
    for threads, sequence in zip(at_once, run(project, few, traced=False).outputs, strict=True):
        assert np.array_equal(threads, sequence)


def planned(name: str) -> Any:
    from fpga_tf.hls.dataflow.plan import plan
    from fpga_tf.lower.walk import lower

    model = model_of(name)
    tensors = [t.name for t in model.inputs], [t.name for t in model.outputs]
    return plan(lower(model), shapes_of("io_stream", "2", "in_turn"), *tensors)


@pytest.mark.parametrize("name", UNROLLED)
def test_which_layers_go_by_rows(name: str) -> None:
    assert set(planned(name).unrolled) == UNROLLED[name]


def test_every_row_kernel_is_tested_twice() -> None:
    found = Counter(node.kernel.function for name in UNROLLED for node in planned(name).nodes if node.kernel)
    sources = Path(__file__).parents[2] / "fpga_tf" / "hls" / "dataflow"
    text = "".join(path.read_text("utf-8") for path in sources.glob("*.py"))
    known = set(re.findall(r'Kernel\(\s*"(\w+)"', text)) | {"softmax_rows_masked", "softmax_rows_kept"}
    assert known <= set(found), known - set(found)
    assert {kernel for kernel, count in found.items() if count < 2} <= {
        "masking_rows",
        "softmax_rows_kept",
        "copy_array",
    }


def test_every_group_and_setting_is_tested() -> None:
    from tests.conformance.cases import GROUPS as BUILT
    from tests.conformance.dataflow_cases import GROUPS as SMALL

    assert set(GROUPS) == set(BUILT) and set(UNROLLED) == set(SMALL)
    assert set(DEFAULT) < set(EVERY)
    settings = {tuple(one.split("-")[1:]) for one in LARGE}
    assert {s[1] for s in settings} == {str(r) for r in REUSE} and {s[2] for s in settings} == set(HEADS)
