"""What comes back from the hardware engineer: recognised, and refused if it is of another project or hostile."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fpga_tf.cli.main import main
from fpga_tf.errors import FpgaTfError, UserError
from fpga_tf.flow import report_archive
from fpga_tf.flow.bundle import write_bundle
from fpga_tf.flow.report import read_designs
from fpga_tf.reports.design import Design
from tests.flow.vendor import hls_project, rtl_project
from tests.reports.test_project import put

CSYNTH = "tagger_prj/solution1/syn/report/csynth.xml"
ROUTED = (("trigger_core", "tagger"), ("xcku5p-ffvb676", "xcvu13p-flga2577"))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = hls_project(tmp_path / "tagger_project")
    rtl_project(tmp_path / "tagger_project_rtl")
    return folder


def sent(made: Path, where: Path) -> Path:
    """The bundle, unpacked elsewhere, with a report of C synthesis."""
    bundle = write_bundle(made, where.with_suffix(".tar.gz"))
    with tarfile.open(bundle.path) as tape:
        tape.extractall(where, filter="data")
    folder = where / "tagger_project_bundle"
    put("vitis_csynth.xml", folder / "tagger_project" / CSYNTH)
    return folder


def packed(folder: Path, kind: str) -> Path:
    return Path(shutil.make_archive(str(folder.parent / "results"), kind, folder.parent, folder.name))


def read(path: Path, of: Path | None = None) -> list[Design]:
    designs, errors = read_designs([path], of)
    assert errors == []
    return designs


def refused(path: Path, of: Path | None = None) -> FpgaTfError:
    designs, (error,) = read_designs([path], of)
    assert designs == [] and isinstance(error, UserError)
    return error


@pytest.mark.parametrize("kind", ["gztar", "zip", "tar"])
def test_a_bundle_that_comes_back_is_read(kind: str, made: Path, tmp_path: Path) -> None:
    archive = packed(sent(made, tmp_path / "there"), kind)
    for of in (made, None):
        (design,) = read(archive, of)
        assert design.name == archive.name
        path = f"{archive}/tagger_project_bundle/tagger_project/{CSYNTH}"
        assert design.report.path == design.sources["latency_cycles.max"].path == path
        assert design.report.latency_cycles.max == 64
        assert [layer.name for layer in design.layers] == ["attention", "other"]
        assert design.notes == ()


def test_reports_of_the_project_and_of_its_rtl_are_two_designs(made: Path, tmp_path: Path) -> None:
    folder = sent(made, tmp_path / "there")
    put("vivado/timing_met.rpt", folder / "tagger_project_rtl/vivado/reports/route_timing.rpt", *ROUTED)
    archive = packed(folder, "gztar")
    names = {
        f"tagger_project_bundle/{name}" for name in ("tagger_project/tagger_prj/solution1", "tagger_project_rtl/vivado")
    }
    assert {design.name for design in read(archive, made)} == names
    assert len(read(folder / "tagger_project_rtl", made.with_name("tagger_project_rtl"))) == 1
    error = refused(folder / "tagger_project", made.with_name("tagger_project_rtl"))
    assert error.what.startswith("what comes back must hold fpga_tf_rtl.json, to tell that it is of ")


def test_results_of_another_project_are_refused(made: Path, tmp_path: Path) -> None:
    archive = packed(sent(made, tmp_path / "there"), "zip")
    other = hls_project(tmp_path / "other", key="1" * 64)
    error = refused(archive, other)
    assert error.what == "reports must be of the project, not of another"
    ours, theirs = (error.where or "").split("\n       ")
    assert ours == f"{archive}/tagger_project_bundle/tagger_project (top tagger, key 000000000000)"
    assert theirs == f"{other} (top tagger, key 111111111111)"
    renamed = hls_project(tmp_path / "renamed", name="jets")
    assert "not of another state of it" in refused(archive, renamed).what
    assert refused(archive, tmp_path).what.startswith("--of must be a project")
    assert main(["report", str(archive), "--of", str(other)]) == 2
    assert main(["report", str(archive), "--of", str(made)]) == 0
    (error,) = read_designs([tmp_path / "no.zip"], made)[1]
    assert error.what == "the report must be an existing file"


def gates(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    main(["report", *arguments, "--format", "json"])
    (design,) = json.loads(capsys.readouterr().out)["designs"]
    return {gate["gate"]: gate["result"] for gate in design["gates"]}


def test_results_are_held_to_what_the_project_was_made_for(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sent(made, tmp_path / "there")
    of = (str(folder), "--of", str(made))
    found = gates(capsys, *of)
    assert [found[name] for name in ("latency_us", "device_share.LUT", "slr_share.LUT")] == ["pass"] * 3
    assert gates(capsys, *of, "--latency-us", "0.001")["latency_us"] == "fail"
    limits = tmp_path / "budget.yaml"
    limits.write_text("latency_us: 0.001\n")
    assert gates(capsys, *of, "--budget", str(limits))["latency_us"] == "fail"
    report = folder / "tagger_project" / CSYNTH
    report.write_text(report.read_text().replace("xcvu13p-flga2577", "xcku115-flvb2104"))
    for more in ((), ("--budget", str(limits))):  # a file of limits alone names no part: the project's
        assert gates(capsys, *of, *more)["latency_us"] == "unknown"
    assert main(["report", *of, "--strict"]) == 1


def test_edited_sources_are_refused_unless_the_project_has_them_too(made: Path, tmp_path: Path) -> None:
    folder = sent(made, tmp_path / "there")
    (folder / "tagger_project/build_opt.tcl").write_text("array set opt { csim 0 }\n")
    assert len(read(folder, made)) == 1  # scripts don't change the design
    vectors = folder / "tagger_project/tb_data/tb_input_features.dat"
    before = vectors.read_bytes()
    vectors.write_text("0 0\n")  # co-simulation would pass with these
    assert "not of edited ones (tb_data/tb_input_features.dat)" in refused(folder, made).what
    vectors.write_bytes(before)
    source = "firmware/nnet_utils/nnet_dense.h"
    (folder / "tagger_project" / source).write_text("// faster\n")
    assert refused(folder, made).what == f"reports must be of the project's own sources, not of edited ones ({source})"
    (made / source).write_text("// faster\n")
    assert len(read(folder, made)) == 1


def test_reports_without_a_manifest_can_not_be_told(made: Path, tmp_path: Path) -> None:
    put("vitis_csynth.xml", tmp_path / "loose/csynth.xml")
    assert refused(tmp_path / "loose", made).what.startswith("what comes back must hold fpga_tf.json")
    assert "not a report alone" in refused(tmp_path / "loose/csynth.xml", made).what
    assert len(read(tmp_path / "loose")) == 1


def test_a_project_holds_no_results_of_another(made: Path, tmp_path: Path) -> None:
    put("vitis_csynth.xml", made / CSYNTH)
    assert len(read(made)) == 1
    other = ("<TopModelName>tagger<", "<TopModelName>other<"), ("<ModuleName>tagger<", "<ModuleName>other<")
    put("vitis_csynth.xml", made / "theirs/csynth.xml", *other)
    error = refused(made)
    assert error.what == "reports in a project must be of its top tagger, not of other"
    assert error.where == f"{made}/theirs/csynth.xml\n       {made}"
    shutil.rmtree(made / "theirs")
    shutil.copytree(hls_project(tmp_path / "second", key="1" * 64), made / "theirs")
    assert refused(made).what == "reports must be of the project, not of another"


Write = Callable[[tarfile.TarFile], None]


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Write:
    def write(tape: tarfile.TarFile) -> None:
        one = tarfile.TarInfo(name)
        one.type, one.linkname = kind, link
        tape.addfile(one)

    return write


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (member("/etc/passwd"), "'/etc/passwd' leads out of it"),
        (member("../../up"), "'../../up' leads out of it"),
        (member("a/../../up"), "leads out of it"),
        (member("..", tarfile.DIRTYPE), "'..' leads out of it"),
        (member("C:\\up"), "leads out of it"),
        (member("a", tarfile.SYMTYPE, "/etc"), "'a' is a link, a device or the like"),
        (member("a", tarfile.LNKTYPE, "b"), "'a' is a link, a device or the like"),
        (member("a", tarfile.FIFOTYPE), "'a' is a link, a device or the like"),
        (member("a", tarfile.CHRTYPE), "'a' is a link, a device or the like"),
        (member("a" * 1001), "has too long a name"),
        (member("a" * 300), "has too long a name"),
    ],
)
def test_hostile_members_are_refused(write: Write, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.tar.gz"
    with tarfile.open(path, "w:gz") as tape:
        write(tape)
    safe(path, why, tmp_path, monkeypatch)


def safe(path: Path, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, and nothing is left, neither where it was unpacked nor beside it."""
    room = tmp_path / "a/b/c"
    room.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    before = sorted(tmp_path.rglob("*"))
    error = refused(path)
    assert error.what.startswith("an archive of reports must be ") and why in error.what
    assert error.where == str(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_name_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.tar"
    with tarfile.open(path, "w") as tape:
        member("a/b")(tape)
        member("a//b")(tape)
    safe(path, "'a//b' is there twice", tmp_path, monkeypatch)


def test_a_link_in_a_zip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.zip"
    with zipfile.ZipFile(path, "w") as out:
        one = zipfile.ZipInfo("a")
        one.create_system, one.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        out.writestr(one, "/etc/passwd")
    safe(path, "'a' is a link, a device or the like", tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["/a", "../a", "a/../../b"])
def test_a_zip_that_leads_out_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr(zipfile.ZipInfo(name), "x")
    safe(path, "leads out of it", tmp_path, monkeypatch)


@pytest.mark.parametrize("kind", ["gztar", "zip"])
@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [("MAX_BYTES", 99_999, "at most 99999 bytes unpacked"), ("MAX_FILES", 2, "at most 2 files")],
)
def test_limits_count_what_is_really_there(
    limit: str, value: int, why: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bomb"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / name).write_bytes(bytes(50_000))
    path = packed(folder, kind)
    with report_archive.unpacked(path) as whole:
        assert (whole / "bomb/two").stat().st_size == 50_000
    assert path.stat().st_size < 1000
    monkeypatch.setattr(report_archive, limit, value)
    safe(path, why, tmp_path, monkeypatch)


def test_damaged_archives_are_refused(made: Path, tmp_path: Path) -> None:
    whole = packed(sent(made, tmp_path / "there"), "gztar").read_bytes()
    plain = gzip.decompress(whole)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tape:
        header = tape.getmembers()[-1].offset
    zipped = packed(tmp_path / "there/tagger_project_bundle", "zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(zipped)) as members:
        first = next(one for one in members.infolist() if one.compress_size > 100)
        listed = zipped.index(first.filename.encode(), members.start_dir) - 46
    encrypted = bytearray(zipped)
    for flag in (first.header_offset + 6, listed + 8):
        encrypted[flag] |= 1
    flip = first.header_offset + 30 + len(first.filename) + 50
    cases = {
        "cut.tar.gz": whole[: len(whole) // 2],
        **{
            f"flipped{at}.tar.gz": whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]
            for at in range(100, len(whole), len(whole) // 20)
        },
        "header.tar": plain[:header] + bytes([plain[header] ^ 255]) + plain[header + 1 :],
        "cut between.tar": plain[:header],
        "checksum.tar.gz": whole[:-8] + bytes([whole[-8] ^ 255]) + whole[-7:],
        "two.tar": plain + plain,
        "text.gz": gzip.compress(b"no tar at all"),
        "cut.zip": zipped[: len(zipped) // 2],
        "flipped.zip": zipped[:flip] + bytes([zipped[flip] ^ 255]) + zipped[flip + 1 :],
        "head.zip": b"PK\x03\x04",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        assert refused(tmp_path / name).what.startswith("an archive of reports must be "), name
    (tmp_path / "encrypted.zip").write_bytes(encrypted)
    assert "is encrypted, password required" in refused(tmp_path / "encrypted.zip").what


def test_an_archive_without_reports(tmp_path: Path) -> None:
    path = tmp_path / "results.tar"
    with tarfile.open(path, "w") as tape:
        one = tarfile.TarInfo("readme.txt")
        one.size = 2
        tape.addfile(one, io.BytesIO(b"hi"))
    error = refused(path)
    assert error.what == "a project must hold a report of a known format, not none" and error.where == str(path)
