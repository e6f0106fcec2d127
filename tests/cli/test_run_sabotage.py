"""One bit in the generated project: both `simulate` and `run` must see it and name the layer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fpga_tf.hls.manifest import read_manifest

from ..job import Done, Job

pytestmark = pytest.mark.qkeras

VALUES = re.compile(r"^(#define \w+_VALUES )(.*)$", re.MULTILINE)


def flipped(path: Path, index: int, lsb: float) -> None:
    """Change the lowest bit of one value of a weight file."""
    text = path.read_text()
    match = VALUES.search(text)
    assert match is not None
    values = match[2].split(", ")
    code = float(values[index]) / lsb
    assert code == int(code)
    values[index] = f"{(int(code) ^ 1) * lsb!r}"
    path.write_text(text.replace(match[0], match[1] + ", ".join(values)))


def weight_file(project: Path, layer: str, kind: str) -> Path:
    """The file of a layer's weights (w), bias (b) or table."""
    found = [
        n for n, owner in read_manifest(project).weights.items() if owner == layer and Path(n).name.startswith(kind)
    ]
    assert len(found) == 1, found
    return project / found[0]


def rounding(project: Path, layer: str) -> None:
    """Let a layer truncate."""
    path = project / "firmware" / "defines.h"
    port = next(p for p in read_manifest(project).layers if p.name == layer)
    line = next(line for line in path.read_text().splitlines() if line.endswith(f" {port.typedef};"))
    assert "AP_RND_CONV" in line
    path.write_text(path.read_text().replace(line, line.replace("AP_RND_CONV", "AP_TRN")))


def weight(project: Path) -> None:
    flipped(weight_file(project, "attention/value", "w"), 5, 2.0**-3)


def table(project: Path) -> None:
    flipped(weight_file(project, "attention/attention", "exp_table"), 1, 1.0)


def last_table(project: Path) -> None:
    flipped(weight_file(project, "probabilities", "reciprocal_table"), -1, 1.0)


def mode(project: Path) -> None:
    rounding(project, "attention/context")


def named(done: Done) -> tuple[str | None, str]:
    """The first diverging layer, and what the gate of the sources says."""
    found = done.json
    sources = next(gate for gate in found["gates"] if gate["gate"] == "sources")
    assert sources["result"] == "fail"
    return found["agreement"]["first_diverging_layer"], sources["source"]


@pytest.mark.parametrize(
    ("change", "layer", "file"),
    [
        (weight, "attention/value", r"firmware/weights/w\d+\.h"),
        (table, "attention/attention", r"firmware/weights/exp_table\d+\.h"),
        pytest.param(last_table, "probabilities", r"firmware/weights/reciprocal_table\d+\.h", marks=pytest.mark.slow),
        (mode, "attention/context", r"firmware/defines\.h"),
    ],
    ids=["weight", "exp table", "reciprocal table", "rounding"],
)
def test_sabotage(change: Callable[[Path], None], layer: str, file: str, job: Job) -> None:
    job.run()
    change(job.project)
    apart = job.cli if change is weight else job.main
    for done in (apart("simulate", job.project, "--format", "json", "-q"), job.run()):
        assert done.code == 1
        assert done.json["verdict"] == "fail"
        first, source = named(done)
        assert re.fullmatch(rf"edited: {file} \({layer}\)", source)
        differing = done.json["agreement"]["differing"]
        assert first == (layer if differing else None)
        assert any("1 generated file was edited" in note for note in done.json["notes"])
    text = job.main("run", job.config(), "-q")
    assert text.code == 1
    (line,) = text.out.splitlines()
    assert re.match(rf"FAIL: .*sources edited: {file} \({layer}\)", line)
    assert (f"first in layer {layer}" in line) == (first is not None)


def test_without_the_model_the_layer_is_unknown_and_the_verdict_stays(job: Job) -> None:
    job.run()
    mode(job.project)
    (job.project / "fpga_tf_model.keras").write_bytes(b"gone")
    done = job.simulate()
    assert done.code == 1
    assert done.json["agreement"]["differing"] > 0
    assert done.json["agreement"]["first_diverging_layer"] is None
    assert any(note.startswith("the first diverging layer is not known: ") for note in done.json["notes"])


@pytest.mark.parametrize("name", ["fpga_tf_reference.npz", "fpga_tf_model.keras"])
def test_what_the_firmware_is_held_against_must_be_untouched(name: str, job: Job) -> None:
    job.run()
    other = Job(job.folder / "other", job.made, job.store)
    other.folder.mkdir()
    config = other.config(data={"path": str(job.made / "small.h5"), "max_samples": 50})
    assert other.main("convert", config, "-q").code == 0
    (job.project / name).write_bytes((other.project / name).read_bytes())
    done = job.simulate()
    assert done.code == 1
    assert named(done) == (None, f"edited: {name}")
    assert done.json["agreement"]["differing"] == 0
