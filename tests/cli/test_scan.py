"""`fpga-tf scan` on the small job's float model: numbers, store, pick, and what is refused."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.flow import scan as flow
from fpga_tf.verdict.scan import Point, Width

from ..docs.pages import DOCS, blocks
from ..job import CLASSES, Done, Job, float_model, jets

pytestmark = pytest.mark.qkeras
WIDTHS = ("--integer", "3,5", "--fraction", "2,8")
LOOSE = {"max_auc_loss": 0.02, "max_accuracy_loss": 0.02}


def configured(job: Job, **changes: Any) -> Path:
    model = {"path": str(job.made / "small_float.keras")}
    return job.config(**{"model": model, "quantise": {}, "gates": LOOSE} | changes)


def scan(job: Job, *arguments: str | Path, **changes: Any) -> Done:
    return job.main("scan", configured(job, **changes), "--format", "json", "-q", *arguments)


def point(done: Done, integer: int, fraction: int) -> dict[str, Any]:
    (found,) = [p for p in done.json["points"] if (p["integer"], p["fraction"]) == (integer, fraction)]
    return found


def cached(done: Done) -> dict[str, bool]:
    return {s["name"]: s["cached"] for s in done.json["steps"] if s["name"].startswith("integer")}


def test_more_bits_come_closer_to_the_float_model(job: Job) -> None:
    done = scan(job, *WIDTHS)
    assert (done.code, len(done.json["points"]), done.json["samples"]) == (0, 4, 300)
    scores = np.asarray(float_model()(jets(300, 1).x))
    correct = np.mean(np.argmax(scores, axis=1) == jets(300, 1).y)
    assert done.json["float"]["accuracy"] == pytest.approx(correct, abs=0)
    assert (done.json["reference"], done.json["as_trained"]) == ("float", None)
    rough, fine = point(done, 3, 2), point(done, 5, 8)
    assert fine["largest_difference"] < 0.2 < rough["largest_difference"]
    assert rough["agreement"] < 0.9 < 0.99 < fine["agreement"]
    for name in CLASSES:
        assert fine["auc_ratio"][name] == fine["auc"][name] / done.json["float"]["auc"][name]
        assert abs(fine["auc_ratio"][name] - 1) < min(0.01, abs(rough["auc_ratio"][name] - 1))
    assert (rough["within_limits"], fine["within_limits"]) == (False, True)


def test_a_pick_is_simulated_and_is_the_scans_point(job: Job) -> None:
    done = scan(job, *WIDTHS, "--pick")
    assert done.code == 0
    assert done.json["picked"] == {"integer": 3, "fraction": 8}
    run, chosen = done.json["run"], point(done, 3, 8)
    assert (run["agreement"]["differing"], run["verdict"]) == (0, "incomplete")
    assert run["agreement"]["sets"][0]["compared"] == 300 * len(CLASSES)
    assert run["project"] == str(job.folder / "out" / "small_int3_frac8")
    for stage in ("quantised", "csim"):
        assert run["physics"][stage]["auc"] == chosen["auc"]
        assert run["physics"][stage]["accuracy"] == chosen["accuracy"]
    assert run["physics"]["float"]["auc"] == done.json["float"]["auc"]
    # what it prints for a configuration is that model
    again = job.main(
        "convert", configured(job, quantise={"integer_bits": 3, "fraction_bits": 8}), "--format", "json", "-q"
    )
    assert all(step["cached"] for step in again.json["steps"][1:])


def test_nothing_within_the_limits(job: Job) -> None:
    strict = {"max_auc_loss": 0.0, "max_accuracy_loss": 0.0}
    done = scan(job, "--integer", "3", "--fraction", "2", "--pick", gates=strict)
    assert (done.code, done.json["picked"], done.json["run"]) == (1, None, None)
    told = job.main("scan", job.folder / "small.yaml", "--integer", "3", "--fraction", "2", "--pick", "-q")
    assert (told.code, told.out) == (1, "picked: none, no width is within the limits\n")


def test_text(job: Job) -> None:
    done = job.main("scan", configured(job), *WIDTHS, "--pick")
    assert done.code == 0
    assert "[1/6] read the configuration and the jets" in done.out
    assert "[6/6] integer 5, fraction 8" in done.out
    keys = "`quantise: {integer_bits: 3, fraction_bits: 8}`"
    assert f"\npicked: integer 3, fraction 8, in a configuration {keys}; its run:\n" in done.out
    assert "INCOMPLETE: 0 of " in done.out


def test_a_stopped_scan_goes_on(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    own = job.own_store()
    made: list[Width] = []
    real = flow._evaluated

    def stopped(work: Any, width: Width, reference: Any) -> Point:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(width)
        return real(work, width, reference)

    monkeypatch.setattr(flow, "_evaluated", stopped)
    asked = ("--integer", "4", "--fraction", "3,4,5,6")
    assert scan(own, *asked).code == 130
    assert [w.fraction for w in made] == [3, 4]
    monkeypatch.setattr(flow, "_evaluated", real)
    done = scan(own, *asked)
    assert list(cached(done).values()) == [True, True, False, False]
    again = scan(own, *asked)
    assert all(cached(again).values()) and again.json["points"] == done.json["points"]
    fresh = scan(own, *asked, "--fresh")
    assert not any(cached(fresh).values()) and fresh.json["points"] == done.json["points"]


LIGHT = (
    "import sys\nfrom fpga_tf.cli.main import main\ncode = main(sys.argv[1:])\n"
    "heavy = {'keras', 'tensorflow', 'hls4ml', 'qkeras', 'hgq', 'matplotlib', 'scipy', 'pandas'}\n"
    "print(sorted(heavy & set(sys.modules)), code, file=sys.stderr)\n"
)


def test_finished_points_need_no_tensorflow(job: Job) -> None:
    scan(job, *WIDTHS)
    arguments = [str(job.folder / "small.yaml"), *WIDTHS, "-q"]
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, "scan", *arguments],
        env=job.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "[] 0\n"


def test_samples_and_weights_make_other_points(job: Job) -> None:
    asked = ("--integer", "3", "--fraction", "8")
    whole, fewer = scan(job, *asked), scan(job, *asked, "--samples", "50")
    assert fewer.json["samples"] == 50
    assert scan(job, *asked, "--samples", "1000").json["samples"] == 300
    correct = 50 * point(fewer, 3, 8)["accuracy"]
    assert correct == round(correct)  # a count of 50
    rough = scan(job, *asked, "--weight-fraction", "1")
    assert point(rough, 3, 8)["weight_fraction"] == 1
    assert point(rough, 3, 8)["agreement"] < point(whole, 3, 8)["agreement"]


def test_the_data_must_not_change_on_the_way(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    own = job.own_store()
    copied = own.folder / "jets.h5"
    copied.write_bytes((own.made / "small.h5").read_bytes())
    real = flow._evaluated

    def changed(work: Any, width: Width, reference: Any) -> Point:
        found = real(work, width, reference)
        copied.write_bytes(copied.read_bytes() + b"\0")
        return found

    monkeypatch.setattr(flow, "_evaluated", changed)
    done = scan(own, "--integer", "4", "--fraction", "3", data={"path": "jets.h5"})
    assert done.code == 2
    assert done.json["error"]["what"] == "the model and the data must stay as they are during a scan, not be written to"


def test_files(job: Job) -> None:
    done = scan(job, *WIDTHS, "--csv", job.folder / "out.csv")
    rows = list(csv.DictReader((job.folder / "out.csv").open(encoding="utf-8")))
    assert [float(row["auc.b"]) for row in rows] == [p["auc"]["b"] for p in done.json["points"]]
    if importlib.util.find_spec("mplhep") and importlib.util.find_spec("matplotlib"):
        assert scan(job, *WIDTHS, "--plot", job.folder / "out.png").code == 0
        assert (job.folder / "out.png").read_bytes().startswith(b"\x89PNG")


def test_without_the_extra_the_table_works(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "matplotlib" else real(name, *a))
    assert scan(job, *WIDTHS).code == 0
    done = scan(job, *WIDTHS, "--plot", job.folder / "out.png")
    assert (done.code, done.json["error"]["hint"]) == (2, "pip install 'fpga_tf[plots]'")


@pytest.mark.parametrize(
    ("arguments", "changes", "what"),
    [
        (("--fraction", "2.."), {}, "--fraction must be numbers from 1 to 16, such as 1..16 or 1,16, not '2..'"),
        (
            ("--integer", "12", "--fraction", "12"),
            {},
            "integer and fraction bits must be at most 23 together, not 24",
        ),
        (("--plot", "a.jpg"), {}, "a plot must be a file that ends with .png, .pdf, .svg, not 'a.jpg'"),
        (
            (),
            {"quantise": None},
            "a float model must have a section quantise to be scanned",
        ),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], changes: dict[str, Any], what: str, job: Job) -> None:
    done = scan(job, *arguments, **changes)
    assert (done.code, done.json["error"]["what"]) == (2, what)


def test_a_width_that_no_hardware_has_is_told_and_the_others_stand(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    own, real = job.own_store(), flow._evaluated

    def refusing(work: Any, width: Width, reference: Any) -> Point:
        return Point(width, refused="too wide") if width.fraction > 4 else real(work, width, reference)

    monkeypatch.setattr(flow, "_evaluated", refusing)
    done = scan(own, "--integer", "4", "--fraction", "3,6")
    assert [p["refused"] for p in done.json["points"]] == [None, "too wide"]
    none = scan(own, "--integer", "4", "--fraction", "6,7")
    assert none.code == 2
    assert none.json["error"]["what"] == "a width must be one that hardware can have, but of 2 none is: too wide"


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key != "light"}
    return [shape(value[0])] if isinstance(value, list) and value else None


def test_the_json_is_as_shown_on_the_page(job: Job) -> None:
    (shown,) = [json.loads(b.text) for b in blocks(DOCS / "scan.md") if (b.language, b.argument) == ("json", "scan")]
    assert shape(shown) == shape(scan(job, *WIDTHS).json)
