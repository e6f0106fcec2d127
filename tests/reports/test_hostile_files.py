"""Files and folders that are meant to hurt, or that nobody thinks of: answered at once, and never with a traceback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from fpga_tf.errors import FpgaTfError, ToolError, UserError
from fpga_tf.flow.report import read_designs
from fpga_tf.reports.read import read_report
from fpga_tf.reports.source import MAX_BYTES

from .fuzz import Outcome, judge
from .pace import at_most

XML = Path(__file__).parent / "data" / "vitis_csynth.xml"
REPORTS = ("solution1", "syn", "report")
# Units of processor time. What is refused by its size or kind takes a fraction of one.
AT_ONCE = 50.0


@pytest.fixture(autouse=True)
def at_once() -> Iterator[None]:
    """Every test here is quick, whatever it is given."""
    with at_most(20 * AT_ONCE):
        yield


def refused(path: Path) -> FpgaTfError:
    """The one error of a path that holds no design."""
    with at_most(AT_ONCE):
        designs, (error,) = read_designs([path])
    assert not designs
    return error


def test_a_sparse_file_of_100_mb_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "top_csynth.rpt"
    with path.open("wb") as file:
        file.write(b"== Vitis HLS Report for 'top'\n")
        file.truncate(100 * 1024 * 1024)
    assert f"at most {MAX_BYTES} bytes" in refused(path).what


def test_a_large_file_of_one_line_is_answered(tmp_path: Path) -> None:
    assert not judge(b"== Vitis HLS Report for 'top'\n" + b"|" * 8_000_000).problems
    assert not judge(b"+-" * 4_000_000 + b"+\n").problems
    bars = b"|a" * 500_000 + b"|\n"
    for line in (bars, bars.replace(b"a", b" "), bars.replace(b"|", b"+"), b"+-" * 500_000 + b"+\n"):
        assert not judge(b"== Vitis HLS Report for 'top'\n+-+-+\n" + line + b"+-+-+\n").problems


def test_entities_are_not_put_in() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 30))
    doctype = f'<!DOCTYPE profile [<!ENTITY e0 "1">{bomb}]>'
    assert judge(XML.read_bytes()).kind == "read"
    for data in (doctype + XML.read_text(), doctype + XML.read_text().replace("<FF>", "<FF>&e29;", 1)):
        assert judge(data.encode()) == Outcome("refused", (), ANY)


@pytest.mark.parametrize("target", ["file:///etc/hostname", "http://127.0.0.1:9/x"])
def test_entities_of_other_files_are_not_read(tmp_path: Path, target: str) -> None:
    path = tmp_path / "top_csynth.xml"
    doctype = f'<!DOCTYPE profile [<!ENTITY e SYSTEM "{target}">]>'
    path.write_text(doctype + XML.read_text().replace("<Part>", "<Part>&e;", 1))
    assert "DOCTYPE" in refused(path).what


def test_a_pipe_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "top_csynth.xml")
    assert "regular file" in refused(tmp_path / "top_csynth.xml").what


@pytest.mark.parametrize("name", ["csynth.xml", "csynth.rpt", "top_csynth.rpt"])
def test_a_pipe_in_a_project_is_passed_over(tmp_path: Path, name: str) -> None:
    folder = tmp_path.joinpath(*REPORTS)
    folder.mkdir(parents=True)
    (folder / "top_csynth.xml").write_bytes(XML.read_bytes())
    os.mkfifo(folder / name)
    designs, errors = read_designs([tmp_path])
    assert [design.report.top for design in designs] == ["tagger"]
    assert errors == []


def test_links_that_lead_nowhere_or_in_a_circle_are_refused(tmp_path: Path) -> None:
    for name, target in {"nowhere.rpt": "missing.rpt", "one.rpt": "two.rpt", "two.rpt": "one.rpt"}.items():
        (tmp_path / name).symlink_to(target)
    assert "existing file" in refused(tmp_path / "nowhere.rpt").what
    assert "can't be read" in refused(tmp_path / "one.rpt").what


def test_a_project_with_links_in_a_circle_is_read_once(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*REPORTS)
    folder.mkdir(parents=True)
    (folder / "tagger_csynth.xml").write_bytes(XML.read_bytes())
    (folder / "again").symlink_to(tmp_path, target_is_directory=True)
    (folder / "self.xml").symlink_to("self.xml")
    (folder / "gone.xml").symlink_to("nowhere.xml")
    designs, errors = read_designs([tmp_path])
    assert [len(design.reports) for design in designs] == [1]
    assert errors == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "project" / "top_csynth.xml"
    path.parent.mkdir()
    path.write_bytes(XML.read_bytes())
    path.chmod(0)
    assert "can't be read" in refused(path).what
    for mode in (0, 0o444):
        path.parent.chmod(mode)
        try:
            assert isinstance(refused(path.parent), ToolError)
            assert isinstance(refused(path), ToolError)
        finally:
            path.parent.chmod(0o755)


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 3000, "no\0name", "~", "-", "\udcff.rpt", ""])
def test_names_that_no_file_has_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name if name else Path(name) / "x"
    assert isinstance(refused(path), UserError | ToolError)
    with pytest.raises((UserError, ToolError)):
        read_report(path)


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/tty"])
def test_a_device_is_no_report(device: str) -> None:
    assert isinstance(refused(Path(device)), UserError | ToolError)


def test_a_folder_of_10000_files_is_read(tmp_path: Path) -> None:
    """Most of them as in a project: sources, logs, XML of other kinds; and one report."""
    folder = tmp_path.joinpath(*REPORTS)
    folder.mkdir(parents=True)
    (folder / "tagger_csynth.xml").write_bytes(XML.read_bytes())
    for number in range(10_000):
        ending, text = ((".v", "module\n"), (".xml", "<ip/>\n"), (".rpt", "nothing\n"))[number % 3]
        (tmp_path / f"{number}{ending}").write_text(text)
    designs, errors = read_designs([tmp_path])
    assert [(design.name, design.report.top) for design in designs] == [(tmp_path.name, "tagger")]
    assert errors == []


def test_1000_broken_reports_are_1000_errors(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number:04}_csynth.xml").write_bytes(XML.read_bytes()[:-100])
    designs, errors = read_designs([tmp_path])
    assert (len(designs), len(errors)) == (0, 1000)
