"""Pictures of runs from end to end: pages and files, made again without running, with the numbers of the run."""

from __future__ import annotations

import importlib.util
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.tables import exp_table
from fpga_tf.flow.pictures import run_page
from fpga_tf.flow.project import RESULT
from fpga_tf.flow.saved import read_result
from fpga_tf.flow.settings import read_project
from fpga_tf.flow.softmax_tables import softmax_designs
from fpga_tf.verdict.report.run_page import RunPage

from ..job import Done, Job

MISSING = [name for name in ("matplotlib", "mplhep") if importlib.util.find_spec(name) is None]
pytestmark = [pytest.mark.qkeras, pytest.mark.skipif(bool(MISSING), reason="needs the extra plots")]
DATAFLOW = {"shape": "dataflow"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, first: tuple[Job, Done]) -> Job:
    """A job that was run with a page."""
    job = Job(tmp_path_factory.mktemp("plots"), first[0].made, first[0].store)
    job.config(model={"path": str(job.made / "small.keras"), "float": str(job.made / "small_float.keras")})
    done = job.run("--html", job.folder / "page.html")
    assert done.code in (0, 1), done.err
    return job


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, first: tuple[Job, Done]) -> Job:
    """The same in the dataflow shape."""
    job = Job(tmp_path_factory.mktemp("rows"), first[0].made, first[0].store)
    job.config(hls=DATAFLOW)
    assert job.run().code == 0
    return job


def page(job: Job) -> RunPage:
    return run_page(job.project)


def test_the_page_of_a_run_is_made_again_without_running(ran: Job) -> None:
    text = (ran.folder / "page.html").read_text("utf-8")
    done = ran.main("plots", ran.project, "--html", ran.folder / "again.html", "-q")
    assert (done.code, done.out) == (0, "")
    assert (ran.folder / "again.html").read_text("utf-8") == text
    assert json.loads((ran.project / RESULT).read_text())["verdict"].upper() in text
    simulated = ran.simulate("--html", ran.folder / "third.html")
    assert simulated.code in (0, 1)
    assert "fpga-tf run" in (ran.folder / "third.html").read_text("utf-8")


def test_each_picture_is_a_png_and_a_pdf(ran: Job) -> None:
    done = ran.main("plots", ran.folder / "small.yaml", "-o", ran.folder / "plots", "--format", "json")
    names = [Path(name).name for name in done.json["files"]]
    kinds = ("roc_classes", "roc_backgrounds", "bits", "softmax_1", "softmax_2")
    assert names == [f"{kind}.{suffix}" for kind in kinds for suffix in ("png", "pdf")]
    starts = {".png": b"\x89PNG", ".pdf": b"%PDF"}
    for name in done.json["files"]:
        assert Path(name).read_bytes().startswith(starts[Path(name).suffix])
    before = (ran.folder / "plots" / "bits.pdf").read_bytes()
    ran.main("plots", ran.project, "-o", ran.folder / "plots", "-q")
    assert (ran.folder / "plots" / "bits.pdf").read_bytes() == before


def test_areas_are_those_of_the_run(ran: Job) -> None:
    found, result = page(ran).roc, json.loads((ran.project / RESULT).read_text())
    assert found is not None and found.missing == ()
    for stage, key in (("float", "float"), ("quantised", "quantised"), ("firmware", "csim")):
        areas = {curve.name: curve.auc for curve in found.classes if curve.stage == stage}
        assert areas == result["physics"][key]["auc"]
    points = {curve.name: curve.points for curve in found.backgrounds if curve.stage == "firmware"}
    told = result["physics"]["csim"]["rejection"]
    assert {n: {level: p.rejection for level, p in of.items()} for n, of in points.items()} == told


def test_a_result_is_read_back_as_it_was(ran: Job, rows: Job) -> None:
    for job in (ran, rows):
        raw = json.loads((job.project / RESULT).read_text())
        assert read_result(job.project, read_project(job.project)[0]).to_json() == raw | {"project": str(job.project)}


def test_softmaxes_are_those_of_the_firmware(ran: Job, rows: Job) -> None:
    for job in (ran, rows):
        found = softmax_designs(job.project, read_project(job.project)[0])
        assert list(found) == ["attention/attention", "probabilities"]
        for design, scale in found.values():
            step = scale * Decimal(2) ** -design.input.fraction * (1 << design.exp_shift)
            half = scale * Decimal(2) ** -design.input.fraction * Decimal((1 << design.exp_shift) - 1) / 2
            assert exp_table(len(design.exp), -step, -half, design.exp_fraction) == design.exp
        design, scale = found["attention/attention"]
        assert (design.length, str(design.input), scale.quantize(Decimal("1e-9"))) == (
            4, "ap_fixed<6,3,AP_RND_CONV,AP_SAT,0>", Decimal("0.707106781")
        )  # fmt: skip
        for one in page(job).softmax:
            assert one.bound is not None and 0.4 < one.largest <= one.bound


def test_widths_are_those_of_the_manifest_and_of_each_head(ran: Job) -> None:
    widths = {row.name: row.cells for row in page(ran).widths}
    manifest = read_project(ran.project)[0]
    bias = Format.parse(next(kind for name, kind in manifest.typedefs["attention/query"].items() if "bias" in name))
    assert widths["attention/query"] == [6, manifest.widest["attention/query"], 5, bias.width]
    assert [name for name in widths if "head" in name] == [
        f"attention/{stage}, head {head}" for stage in ("query", "key", "value", "output") for head in (1, 2)
    ]
    assert all(1 <= (cells[2] or 0) <= 5 for name, cells in widths.items() if "head" in name)


def test_a_dataflow_run_has_times_and_resources_of_its_processes(rows: Job) -> None:
    found, result = page(rows), json.loads((rows.project / RESULT).read_text())
    assert found.waterfall is not None
    assert found.waterfall.cycles == result["dataflow"]["estimate"]["latency_cycles"]["max"]
    latency = next(gate["value"] for gate in result["budget"] if gate["gate"] == "latency_us")
    assert found.waterfall.total_ns == pytest.approx(latency * 1000)
    assert len(found.waterfall.spans) == result["dataflow"]["processes"]
    assert [one.resource for one in found.resources][:2] == ["LUT", "FF"]
    assert all(one.total > 0 for one in found.resources)


def test_a_firmware_that_differs_has_no_curve(ran: Job, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(ran.project, tmp_path / "small")
    path = tmp_path / "small" / RESULT
    data = json.loads(path.read_text())
    data["agreement"]["sets"][0]["differing"] = data["agreement"]["differing"] = 1
    path.write_text(json.dumps(data))
    found = run_page(tmp_path / "small").roc
    assert found is not None and {curve.stage for curve in found.classes} == {"float", "quantised"}
    assert "not drawn" in found.missing[0]


def test_what_a_reader_is_told_where_it_cannot_be_drawn(ran: Job, job: Job, tmp_path: Path) -> None:
    for arguments, said in (
        (("plots", ran.project), "a folder or a page must be given"),
        (("plots", ran.project, "--html", tmp_path / "page.pdf"), r"must be a file that ends with .html"),
        (
            ("run", ran.folder / "small.yaml", "--html", tmp_path / "no" / "page.html"),
            "must be in a folder that is there",
        ),
        (("plots", tmp_path / "nothing", "--html", tmp_path / "page.html"), "nothing"),
    ):
        done = job.main(*arguments)
        assert done.code == 2 and re.search(said, done.err), done.err
    job.config()
    assert job.main("convert", job.folder / "small.yaml", "-q").code == 0
    done = job.main("plots", job.project, "--html", tmp_path / "page.html")
    assert done.code == 2 and f"a project must hold {RESULT}" in done.err and "fpga-tf simulate" in done.err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"verdict": "pass"}', "null"])
def test_a_damaged_result_is_refused(ran: Job, tmp_path: Path, text: str) -> None:
    manifest = read_project(ran.project)[0]
    (tmp_path / RESULT).write_text(text)
    with pytest.raises(UserError, match="must be as it was written, not damaged"):
        read_result(tmp_path, manifest)


def test_a_result_that_is_not_what_its_gates_say_is_refused(ran: Job, tmp_path: Path) -> None:
    data = json.loads((ran.project / RESULT).read_text())
    (tmp_path / RESULT).write_text(json.dumps(data | {"verdict": "pass", "budget": [], "gates": []}))
    with pytest.raises(UserError, match="damaged"):
        read_result(tmp_path, read_project(ran.project)[0])


def test_an_edited_table_shows(ran: Job, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(ran.project, tmp_path / "small")
    manifest = read_project(tmp_path / "small")[0]
    name = next(n for n, of in manifest.weights.items() if of == "attention/attention" and "exp_table" in n)
    path = tmp_path / "small" / name
    text = path.read_text()
    first = re.search(r"_VALUES (\d+), (\d+), ", text)
    assert first is not None
    path.write_text(text.replace(first[0], f"_VALUES {first[1]}, {int(first[1]) // 4}, "))
    (before,), (after,) = (
        [one for one in run_page(folder).softmax if one.layer == "attention/attention"]
        for folder in (ran.project, tmp_path / "small")
    )
    assert after.bound is not None and before.largest <= after.bound < after.largest


def test_without_the_extra_it_is_said_before_anything_runs(ran: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "mplhep" else found(name, *a))
    done = ran.main("run", ran.folder / "small.yaml", "--html", ran.folder / "page.html", "-q")
    assert done.code == 2 and "mplhep must be installed" in done.err and "fpga_tf[plots]" in done.err
