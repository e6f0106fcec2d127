"""`fpga-tf rtl`: Verilog that is clocked and compared, and what may stand where it goes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ..job import Job

pytestmark = pytest.mark.qkeras


def test_the_models_verilog_is_written_clocked_and_equal(job: Job) -> None:
    done = job.main("rtl", job.config(), "--format", "json", "-q", "--levels", "9")
    folder = job.project.with_name("small_rtl")
    assert (done.code, done.json["folder"]) == (0, str(folder))
    assert (done.json["agreement"]["differing"], done.json["interval_cycles"]) == (0, 1)
    assert done.json["agreement"]["compared"] > 1000
    assert done.json == json.loads((folder / "fpga_tf_rtl.json").read_text())
    stages = sorted((folder / "src").glob("tagger_stage*.v"))
    assert len(stages) == done.json["latency_cycles"] > 3
    assert "module tagger" in (folder / "src/tagger.v").read_text()


def test_what_is_not_ours_is_not_replaced(job: Job) -> None:
    other = job.folder / "mine"
    other.mkdir()
    (other / "thesis.tex").write_text("x")
    done = job.main("rtl", job.config(), "-q", "-o", other)
    assert done.code == 2 and "must be empty or hold fpga_tf_rtl.json" in done.err
    assert [path.name for path in other.iterdir()] == ["thesis.tex"]


def test_outputs_that_differ_exit_with_1(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.rtl import simulate

    build = simulate.build

    def sabotaged(folder: Path, made: Path, jobs: int = 2) -> Path:
        stage = max(
            (folder / "src").glob("tagger_stage*.v"), key=lambda path: int(path.stem.removeprefix("tagger_stage"))
        )
        text = stage.read_text()
        assert text.count("assign model_out[0:0]") or "assign model_out[" in text
        at = text.rindex("assign model_out[")
        end = text.index(";", at)
        name, _, value = text[at:end].partition(" = ")
        stage.write_text(f"{text[:at]}{name} = ~{value}{text[end:]}")
        return build(folder, made, jobs)

    monkeypatch.setattr(simulate, "build", sabotaged)
    done = job.main("rtl", job.config(), "-q", "--levels", "9")
    assert done.code == 1 and done.out.startswith("FAIL: ")
    assert np.char.isnumeric(done.out.split()[1].replace(",", ""))
