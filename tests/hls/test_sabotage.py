"""One step in one number of a project, and the C-simulation differs, first in the right layer."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.fixedpoint import softmax_codes
from fpga_tf.hls.manifest import edited
from fpga_tf.hls.simulate import Simulated
from fpga_tf.models.evaluate import evaluate
from tests.hls.conftest import Tiny

pytestmark = pytest.mark.qkeras
Edit = Callable[[str], str]

# what is done -> the layer that must be found
CASES = {
    "weight of a dense": "embed",
    "weight of an attention": "attention/value",
    "entry of an exp table": "attention/attention",
    "entry of a reciprocal table": "probabilities",
    "rounding": "attention/context",
}


def one_step(entry: int, step: str) -> Edit:
    """Adds one code step to one value of a weight file."""

    def edit(text: str) -> str:
        match = re.search(r"(#define \w+_VALUES )(.*)", text)
        assert match is not None
        values = match[2].split(", ")
        fraction = len(values[entry].partition(".")[2])
        values[entry] = f"{float(values[entry]) + float(step):.{fraction}f}"
        return text.replace(match[0], match[1] + ", ".join(values))

    return edit


def mode(name: str, old: str, new: str) -> Edit:
    """Another rounding in one type."""

    def edit(text: str) -> str:
        match = re.search(rf"typedef ap_\w+<[^>]*> {name};", text)
        assert match is not None and old in match[0]
        return text.replace(match[0], match[0].replace(old, new))

    return edit


def visible_step(tiny: Tiny) -> tuple[int, int]:
    """An entry of the last softmax's reciprocal table, and a step of it, that these samples can tell.

    Most steps vanish in the rounding: the tables are designed for an error below the output's step.
    """
    layer = tiny.model.get_layer("probabilities")
    design = layer.design((None, 3))
    source = tiny.model.get_layer("logits").output.name
    values = evaluate(tiny.model, tiny.inputs, [source], exact=False)[source]
    scores = design.input.quantise(values)
    before = softmax_codes(design, scores)
    for entry, value in enumerate(design.reciprocal):
        for step in (1, -1):
            table = (*design.reciprocal[:entry], value + step, *design.reciprocal[entry + 1 :])
            if not np.array_equal(softmax_codes(replace(design, reciprocal=table), scores), before):
                return entry, step
    raise AssertionError("no entry matters")


def sabotage(tiny: Tiny, kind: str) -> tuple[str, Edit]:
    """The file to edit, and how."""

    def weights(node: str, name: str, entry: int, step: str) -> tuple[str, Edit]:
        return f"firmware/weights/{tiny.node(node).get_weights(name).name}.h", one_step(entry, step)

    def retyped(node: str, old: str, new: str) -> tuple[str, Edit]:
        variable = tiny.node(node).get_output_variable()
        return "firmware/defines.h", mode(variable.type.name, old, new)

    entry, step = visible_step(tiny)
    edits: dict[str, tuple[str, Edit]] = {
        "weight of a dense": weights("embed", "weight", 5, "0.0625"),
        "weight of an attention": weights("attention_value", "weight", 2, "-0.0625"),
        "entry of an exp table": weights("attention_attention", "exp_table", 1, "1"),
        "entry of a reciprocal table": weights("probabilities", "reciprocal_table", entry, str(step)),
        "rounding": retyped("attention_context", "AP_RND_CONV", "AP_TRN"),
    }
    return edits[kind]


@pytest.fixture(scope="session")
def runs(
    tiny: Tiny, firmware: Callable[[Path], Simulated], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[list[str], Simulated]]:
    """Every sabotaged project's edited files and results; g++ runs for two at a time."""
    room = tmp_path_factory.mktemp("sabotaged")

    def run(kind: str) -> tuple[list[str], Simulated]:
        folder = room / re.sub(r"\W", "_", kind)
        shutil.copytree(tiny.folder, folder)
        if kind != "nothing":
            name, edit = sabotage(tiny, kind)
            text = (folder / name).read_text("utf-8")
            changed = edit(text)
            assert changed != text
            (folder / name).write_text(changed, "utf-8")
        return edited(folder, tiny.manifest), firmware(folder)

    with ThreadPoolExecutor(2) as pool:
        kinds = ["nothing", *CASES]
        return dict(zip(kinds, pool.map(run, kinds), strict=True))


@pytest.fixture(scope="session")
def expected(tiny: Tiny) -> dict[str, Any]:
    """Keras's codes at every layer."""
    values = evaluate(tiny.model, tiny.inputs, [p.reference for p in tiny.manifest.layers], exact=False)
    return {p.name: p.type.codes_of(values[p.reference])[0] for p in tiny.manifest.layers}


def diverging(tiny: Tiny, sim: Simulated, expected: dict[str, Any]) -> list[str]:
    """Layers that differ from Keras, in the order of the firmware."""
    found = zip(tiny.manifest.layers, sim.layers, strict=True)
    return [p.name for p, codes in found if not np.array_equal(codes, expected[p.name])]


def test_nothing_differs_in_the_project_as_it_was_made(
    tiny: Tiny, runs: dict[str, tuple[list[str], Simulated]], expected: dict[str, Any]
) -> None:
    changed, sim = runs["nothing"]
    assert changed == [] and diverging(tiny, sim, expected) == []


@pytest.mark.parametrize("kind", CASES)
def test_the_first_layer_that_differs_is_the_one_that_was_touched(
    kind: str, tiny: Tiny, runs: dict[str, tuple[list[str], Simulated]], expected: dict[str, Any]
) -> None:
    changed, sim = runs[kind]
    found = diverging(tiny, sim, expected)
    assert found[:1] == [CASES[kind]]
    assert changed == [sabotage(tiny, kind)[0]]
    assert not np.array_equal(sim.outputs[0], runs["nothing"][1].outputs[0])
