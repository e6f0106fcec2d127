"""`fpga-tf sweep` on the small job: numbers, order, what a killed sweep or a dead worker loses, picks."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fpga_tf.flow import sweep_task
from fpga_tf.flow.config import load_config

from ..docs.pages import DOCS, blocks
from ..job import CLASSES, TIMEOUT, Done, Job

pytestmark = pytest.mark.qkeras
needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs the extra sweep")
needs_optuna = pytest.mark.skipif(importlib.util.find_spec("optuna") is None, reason="needs the extra sweep")
LOOSE = {"max_auc_loss": 0.06, "max_accuracy_loss": 0.03}
AXES = {"integer_bits": [2], "fraction_bits": [2, 6], "shape": ["parallel", "dataflow"], "reuse_factor": [1, 2]}
# a model for each width: all the same one; calls are noted, and the ones that DIE names end their process
BUILDER = """
import os, signal
from pathlib import Path
HERE = Path(__file__).parent

def build(sizes):
    with (HERE / "calls.txt").open("a") as file:
        file.write(f"{sizes['width']}\\n")
    calls = (HERE / "calls.txt").read_text().split()
    if f"{len(calls)}" in (HERE / "die.txt").read_text().split():
        os.kill(os.getpid(), signal.SIGKILL)
    return HERE / "built.keras"
"""


def configured(job: Job, axes: dict[str, Any] | None = None, **changes: Any) -> Path:
    return job.config(**{"gates": LOOSE, "sweep": AXES if axes is None else axes} | changes)


def sweep(job: Job, *arguments: str | Path, axes: dict[str, Any] | None = None, **changes: Any) -> Done:
    return job.main("sweep", configured(job, axes, **changes), "--format", "json", "-q", *arguments)


def known(done: Done) -> list[dict[str, Any]]:
    """All that points say."""
    found = done.json["points"]
    assert isinstance(found, list)
    return found


def cached(done: Done) -> list[bool]:
    return [step["cached"] for step in done.json["steps"] if step["name"].startswith("point")]


def with_builder(job: Job, *die: int) -> tuple[str, ...]:
    (job.folder / "made.py").write_text(
        f"{BUILDER}# {job.folder}\n"
    )  # a source of its own, which no other test's store has
    (job.folder / "die.txt").write_text(" ".join(map(str, die)))
    (job.folder / "built.keras").write_bytes((job.made / "small.keras").read_bytes())
    return ("--builder", "made:build", "--format", "json", "-q")


def calls(job: Job) -> list[str]:
    return (job.folder / "calls.txt").read_text().split()


def test_points_are_those_of_run_scan_and_estimate(job: Job) -> None:
    done = sweep(job)
    assert done.code == 0
    axes = ("shape", "reuse_factor", "fraction_bits")
    assert [tuple(point["values"][name] for name in axes) for point in known(done)] == [
        (None, None, None), ("parallel", None, 2), ("parallel", None, 6),
        ("dataflow", 1, 2), ("dataflow", 1, 6), ("dataflow", 2, 2), ("dataflow", 2, 6),
    ]  # fmt: skip
    standing, rough, fine, *rows = known(done)
    physics = job.main("run", configured(job), "--format", "json", "-q").json["physics"]["quantised"]
    assert (standing["accuracy"], standing["auc"]) == (physics["accuracy"], physics["auc"])
    scanned = job.main("scan", configured(job), "--integer", "2", "--fraction", "2,6", "--format", "json", "-q").json
    for point, other in zip((rough, fine), scanned["points"], strict=True):
        assert {key: point[key] for key in ("accuracy", "auc", "within_limits")} == {
            key: other[key] for key in ("accuracy", "auc", "within_limits")
        }
    assert [point["auc"] for point in rows] == [rough["auc"], fine["auc"]] * 2  # no shape changes a code
    shapes = job.main("estimate", configured(job), "--shapes", "--format", "json", "-q").json["shapes"]
    (unrolled,) = [one["estimate"] for one in shapes if one["shape"] == "parallel"]
    assert standing["LUT"] == unrolled["resources"]["LUT"]["used"]
    assert (standing["errors"]["LUT"], standing["errors"]["DSP"]) == (0.2, None)
    assert (standing["latency_cycles"], standing["interval_cycles"]) == (unrolled["latency_cycles"]["max"], 1)
    assert standing["period_ns"] < 5.0 and standing["latency_ns"] == 5.0 * standing["latency_cycles"]
    assert rows[0]["period_ns"] > 5.0  # believed to miss its clock, so its cycles are longer
    assert rows[0]["latency_ns"] == pytest.approx(rows[0]["period_ns"] * rows[0]["latency_cycles"], abs=1e-3)
    assert rows[0]["interval_cycles"] < rows[2]["interval_cycles"] and rows[0]["errors"]["LUT"] == 0.59


@pytest.mark.slow
def test_an_unrolled_point_is_counted_as_the_verilog_that_is_estimated(job: Job) -> None:
    pytest.importorskip("da4ml")
    done = sweep(job, axes={"clock_ns": [0.6, 10.0], "rtl": True})
    for point, clock in zip(known(done)[1:], ("0.6", "10"), strict=True):
        rtl = job.main("estimate", configured(job), "--format", "json", "-q", "--clock", clock).json["rtl"]
        found = rtl["estimate"]
        assert (point["source"], point["LUT"], point["FF"]) == ("rtl", found["LUT"]["value"], found["FF"]["value"])
        assert (point["errors"]["LUT"], point["errors"]["FF"], point["DSP"]) == (0.11, 0.42, 0)
        assert (point["latency_cycles"], point["period_ns"]) == (rtl["stages"], found["clock_ns"]["value"])
    fast, slow = known(done)[1:]
    assert fast["missed"].endswith(", above 0.6 ns") and (fast["fits_budget"], slow["fits_budget"]) == (False, True)
    assert fast["latency_cycles"] > slow["latency_cycles"] and fast["LUT"] == slow["LUT"]


def test_a_sweep_that_is_done_comes_from_the_store_and_a_wider_one_adds_to_it(job: Job) -> None:
    first, again = sweep(job), sweep(job)
    assert all(cached(again)) and known(again) == known(first)
    wider = sweep(job, axes={**AXES, "clock_ns": [5.0, 2.5]})
    assert cached(wider) == [True] * 7 + [False] * 6
    slow, fast = known(wider)[3], known(wider)[9]
    assert (slow["values"]["clock_ns"], fast["values"]["clock_ns"]) == (5.0, 2.5)
    assert slow["auc"] == fast["auc"] and slow["latency_ns"] != fast["latency_ns"]


def test_a_sweep_that_is_killed_twice_computes_no_finished_point_again(job: Job) -> None:
    arguments = with_builder(job, 2, 4)
    path = configured(job, {"width": [1, 2, 3, 4]})
    for _ in range(2):
        killed = subprocess.run(
            job.command("sweep", path, *arguments), env=job.environment, cwd=job.folder, capture_output=True,
            check=False, timeout=TIMEOUT,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL
    done = job.cli("sweep", path, *arguments, "--pick", "2")
    assert (done.code, done.json["picked"]) == (0, 2), done.err
    assert calls(job) == ["1", "2", "2", "3", "3", "4"]  # the second and the fourth call were cut short
    assert cached(done) == [True, True, True, False, False]  # as configured, and widths 1 to 4
    assert [point["values"] for point in known(done)[1:]] == [{"width": width} for width in (1, 2, 3, 4)]
    assert all(point["auc"] == known(done)[0]["auc"] for point in known(done))
    # what is picked has a copy of the model that was trained for it
    picked = job.folder / "small_picked.yaml"
    assert yaml.safe_load(picked.read_text())["model"] == {"path": "small_picked.keras"}
    assert (job.folder / "small_picked.keras").read_bytes() == (job.made / "small.keras").read_bytes()
    assert job.main("check", picked).code == 0


@needs_dask
def test_a_worker_that_dies_loses_its_point_only_and_that_is_tried_again(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = with_builder(job, 2)
    done = job.cli("sweep", configured(job, {"width": [1, 2, 3]}), *arguments[:2], "--workers", "2")
    assert done.code == 0, done.err
    assert done.out.count("a worker died, its point is tried again (1 of 3)") == 1
    assert sorted(calls(job))[:1] == ["1"] and len(calls(job)) == 4 and set(calls(job)) == {"1", "2", "3"}
    monkeypatch.chdir(job.folder)  # where the builder is looked for
    here = job.main("sweep", configured(job, {"width": [1, 2, 3]}), *arguments)
    assert all(cached(here)) and len(calls(job)) == 4
    assert all(point["auc"] == known(here)[0]["auc"] and not point["lost"] for point in known(here))


@needs_dask
@pytest.mark.slow
def test_a_point_whose_worker_dies_each_time_is_given_up_and_told(job: Job) -> None:
    arguments = with_builder(job, *range(1, 9))
    done = job.cli("sweep", configured(job, {"width": [1], "fraction_bits": [6], "integer_bits": [2]}), *arguments[:2],
                   "--workers", "2", "--format", "json")  # fmt: skip
    assert (done.code, len(calls(job))) == (2, 4)
    assert done.json["error"]["what"].endswith("none is: its worker died 4 times")
    assert done.err.count("a worker died") == 3


def test_a_pick_runs_as_it_stands_and_is_its_point(job: Job) -> None:
    done = sweep(job, "--pick", "lut", "-o", job.folder / "picked.yaml")
    assert done.code == 0
    able = [point for point in known(done) if point["within_limits"] and point["fits_budget"]]
    least = min(able, key=lambda point: point["LUT"])
    assert done.json["picked"] == least["number"] and least["values"]["shape"] == "dataflow"
    text = yaml.safe_load((job.folder / "picked.yaml").read_text())
    assert "sweep" not in text and text["hls"] == {"shape": "dataflow", "reuse_factor": least["values"]["reuse_factor"]}
    assert not Path(text["model"]["path"]).is_absolute()
    run = job.main("run", job.folder / "picked.yaml", "--format", "json", "-q").json
    assert run["agreement"]["differing"] == 0
    for stage in ("quantised", "csim"):
        assert (run["physics"][stage]["accuracy"], run["physics"][stage]["auc"]) == (least["accuracy"], least["auc"])


def test_a_pick_that_is_not_there(job: Job) -> None:
    assert sweep(job, "--pick", "99").code == 1
    strict = sweep(job, "--pick", "auc", budget={"latency_us": 0.001})
    assert (strict.code, strict.json["picked"], strict.json["config"]) == (1, None, None)


@needs_optuna
def test_a_search_is_decided_by_its_seed(job: Job) -> None:
    axes = {**AXES, "fraction_bits": [1, 2, 3, 4, 5, 6], "clock_ns": [2.5, 5.0]}

    def found(seed: int) -> list[Any]:
        done = sweep(job, "--search", "10", "--seed", str(seed), axes=axes)
        assert done.code == 0
        return [point["values"] for point in known(done)]

    first = found(1)
    assert first == found(1) != found(2)
    assert len(first) == 11 and first[0]["shape"] is None
    assert len({json.dumps(values) for values in first}) == 11
    too_many = sweep(job, "--search", "36", axes=axes)
    assert too_many.json["error"]["what"] == "--search must be below the 36 points of the grid, not 36"


def test_tokens_heads_and_width_train_the_reference_tagger(job: Job) -> None:
    model = {"path": str(job.made / "small_float.keras")}
    train = {"path": str(job.made / "small.h5"), "x": "x_eval", "y": "y_eval", "epochs": 1, "seed": 3}
    axes = {"tokens": [2, 4], "attention_heads": [2], "width": [4], "weight_bits": [6], "train": train}
    done = sweep(job, "--pick", "1", axes=axes, model=model, quantise={})
    assert done.code == 0, done.json
    _, few, all_ = known(done)
    assert few["values"] == {"weight_bits": 6, "tokens": 2, "attention_heads": 2, "width": 4}
    assert few["auc"] != all_["auc"] and few["LUT"] < all_["LUT"]
    run = job.main("run", job.folder / "small_picked.yaml", "--format", "json", "-q").json
    assert run["agreement"]["differing"] == 0 and run["physics"]["quantised"]["auc"] == few["auc"]
    more = sweep(job, axes={**axes, "tokens": [2, 5]}, model=model, quantise={})
    assert known(more)[2]["refused"] == "sweep.tokens must be at most 4, as many as the jets have, not 5"


@pytest.mark.slow
def test_training_is_decided_by_its_seed(job: Job) -> None:
    model = {"path": str(job.made / "small_float.keras")}
    train = {"path": str(job.made / "small.h5"), "x": "x_eval", "y": "y_eval", "epochs": 1}

    def found(seed: int) -> Any:
        axes = {"width": [4], "weight_bits": [6], "train": {**train, "seed": seed}}
        done = sweep(job, "--fresh", axes=axes, model=model, quantise={})
        assert not any(cached(done))
        return known(done)[1]["auc"]

    first = found(3)
    assert first == found(3) != found(4)


def test_tables(job: Job) -> None:
    files = [job.folder / f"points.{ending}" for ending in ("csv", "parquet", "png")]
    pytest.importorskip("pyarrow")
    pytest.importorskip("mplhep")
    done = sweep(job, "--csv", files[0], "--parquet", files[1], "--plot", files[2])
    from pyarrow import parquet

    read = list(csv.DictReader(files[0].open()))
    assert [float(row["auc.b"]) for row in read] == [point["auc"]["b"] for point in known(done)]
    table = parquet.read_table(files[1]).to_pylist()
    assert [row["LUT"] for row in table] == [point["LUT"] for point in known(done)]
    assert table[0]["values.shape"] is None and list(table[0]) == list(read[0])
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_text(job: Job) -> None:
    done = job.main("sweep", configured(job), "--pick", "6")
    assert done.code == 0
    assert "point 7 of 7" in done.out and "6: dataflow, R 2," in done.out
    last = done.out.strip().splitlines()[-1]
    assert last.startswith("picked: point 6, dataflow, R 2, integer 2, fraction 6; now: fpga-tf run ")
    (shown,) = [json.loads(b.text) for b in blocks(DOCS / "sweep.md") if (b.language, b.argument) == ("json", "sweep")]
    value = sweep(job, "--pick", "6").json
    assert list(shown) == list(value) and list(shown["points"][0]) == list(value["points"][0])
    assert list(shown["points"][0]["auc"]) == list(CLASSES)


@pytest.mark.parametrize(
    ("arguments", "changes", "what"),
    [
        ((), {"sweep": None}, "a sweep must have a section sweep that names axes"),
        ((), {"sweep": {"width": [4]}}, "a sweep of tokens, attention_heads or width must train models"),
        (("--builder", "os:getcwd"), {}, "--builder must be left out where no axis trains a model"),
        (("--builder", "os; x"), {"sweep": {"width": [4]}}, "--builder must be MODULE:FUNCTION, not 'os; x'"),
        (("--builder", "not_there:f"), {"sweep": {"width": [4]}}, "--builder must name a module that can be imported"),
        (("--pick", "best"), {}, "--pick must be auc, lut or the number of a point, not 'best'"),
        (("-o", "x.yaml"), {}, "--output must be left out without --pick"),
        (("--plot", "x.jpg"), {}, "a plot must be a file that ends with .png, .pdf, .svg, not 'x.jpg'"),
        (("--csv", "a.csv", "--parquet", "a.csv"), {}, "--parquet must be another file than --csv, not the same"),
        ((), {"sweep": {"integer_bits": [12], "fraction_bits": [16]}}, "a point must be one that hardware can have"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], changes: dict[str, Any], what: str, job: Job) -> None:
    done = sweep(job, *arguments, **changes)
    assert done.code == 2
    assert done.json["error"]["what"].startswith(what)


@pytest.mark.parametrize("arguments", [("--csv",), ("--parquet",), ("--pick", "lut", "--output")])
def test_the_configuration_is_never_written_over(arguments: tuple[str, ...], job: Job) -> None:
    path = configured(job)
    text = path.read_text()
    done = job.main("sweep", path, "--format", "json", "-q", *arguments, path)
    what = f"{arguments[-1]} must be another file than the configuration, not the same"
    assert (done.code, done.json["error"]["what"], path.read_text()) == (2, what, text)


def test_the_section_that_is_proposed_where_there_is_none_is_accepted(job: Job) -> None:
    hint = sweep(job, sweep=None).json["error"]["hint"]
    (proposed,) = yaml.safe_load(re.findall("`(.*)`", hint)[0]).values()
    config = load_config(job.config(sweep=proposed))
    assert config.sweep is not None and len(config.sweep.axes()) == 2


def test_a_model_that_is_written_to_meanwhile_gets_no_name(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    model = job.folder / "own.keras"
    model.write_bytes((job.made / "small.keras").read_bytes())
    real = sweep_task._evaluated

    def written(*given: Any) -> Any:
        found = real(*given)
        model.write_bytes(model.read_bytes() + b"\0")
        return found

    monkeypatch.setattr(sweep_task, "_evaluated", written)
    done = sweep(job, axes={"clock_ns": [4.0]}, model={"path": str(model)})
    assert (
        done.json["error"]["what"] == "the model and the data must stay as they are during a sweep, not be written to"
    )


def test_help_imports_nothing_slow() -> None:
    slow = ("tensorflow", "keras", "hls4ml", "dask", "distributed", "optuna", "numpy", "pydantic")
    code = "import sys; from fpga_tf.cli.main import main; main(['sweep', '--help']);"
    code += f"print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=TIMEOUT)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "--builder MODULE:FUNCTION" in done.stdout
