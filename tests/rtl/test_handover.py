"""What is handed over beside generated Verilog: the page, the table of ports, vectors, digests."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import InternalError, UserError
from fpga_tf.rtl.handover import write_handover
from fpga_tf.rtl.handover_ports import diagram, hex_lines, one_line
from fpga_tf.rtl.manifest import RtlPort
from fpga_tf.rtl.words import Field, pack

from .handover_toy import facts, write_toy

PAGE = Path(__file__).with_name("handover_readme.md")
WRITTEN = {
    *("testbench.v", "constraints.xdc", "vivado.tcl", "Makefile", "README.md", "ports.csv", "SHA256SUMS"),
    *("vectors/inputs.hex", "vectors/outputs.hex"),
}
PORTS = """\
port,tensor,index,high,low,signed,width,fraction
in_data,0,0,3,0,1,4,0
in_data,1,0 0,7,4,1,4,2
in_data,1,1 0,11,8,1,4,2
in_data,2,0,,,0,0,0
out_data,0,0,3,0,0,4,0
out_data,1,0,14,4,1,11,4
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_page_to_read(tmp_path: Path) -> None:
    """After a change of the template: look at the page, then copy it."""
    assert (write_toy(tmp_path) / "README.md").read_text("utf-8") == PAGE.read_text("utf-8")


def test_the_page_without_an_estimate(tmp_path: Path) -> None:
    assert "estimated" not in (write_toy(tmp_path, replace(facts(), estimates=())) / "README.md").read_text("utf-8")


def test_one_cycle_is_no_plural(tmp_path: Path) -> None:
    page = (write_toy(tmp_path, replace(facts(), latency=1)) / "README.md").read_text("utf-8")
    assert page.count(", 1 cycle later") == 1 and "come out 1 cycle later" in page and "1 cycles" not in page


def test_bytes_are_a_function_of_facts_and_sources(tmp_path: Path) -> None:
    one, other = contents(write_toy(tmp_path / "one")), contents(write_toy(tmp_path / "other"))
    assert one == other
    assert {name for name in one if not name.startswith("src/")} == WRITTEN
    again = write_toy(tmp_path / "one", facts())
    assert contents(again) == other


def test_digests_are_of_every_file_but_their_own(tmp_path: Path) -> None:
    folder = write_toy(tmp_path)
    lines = [line.split("  ") for line in (folder / "SHA256SUMS").read_text().splitlines()]
    found = contents(folder)
    del found["SHA256SUMS"]
    assert [name for _, name in lines] == sorted(found)
    assert all(hashlib.sha256(found[name]).hexdigest() == digest for digest, name in lines)


def test_ports_one_by_one(tmp_path: Path) -> None:
    assert (write_toy(tmp_path) / "ports.csv").read_text() == PORTS


def test_vectors_hold_the_first_number_in_the_lowest_bits(tmp_path: Path) -> None:
    folder, given = write_toy(tmp_path), facts()
    lines = (folder / "vectors/inputs.hex").read_text().splitlines()
    assert len(lines) == 61 and lines[-1] == "fff"
    assert lines[7] == f"{given.input_words[7][0]:03x}"
    wide = (Field(True, 20, 11), Field(False, 7, 0))
    assert hex_lines(pack(np.array([[-1.0, 5.0]]), wide), wide) == "05fffff800\n7fffffffff\n"
    with pytest.raises(InternalError, match="a sample must fit into the 3 bits"):
        hex_lines(np.array([[8]], dtype=np.uint32), (Field(False, 3, 0),))


def test_a_diagram_shows_when_outputs_come() -> None:
    assert diagram(2).splitlines() == [
        "edge           0     1     2     3     4     5     6",
        "in_valid       1     1     0     1     0     0     0",
        "in_data        A     B     -     C     -     -     -",
        "out_valid      0     0     1     1     0     1     0",
        "out_data       -     -  f(A)  f(B)     -  f(C)     -",
    ]
    assert diagram(40).splitlines()[0] == "edge           0     1     2     3     4    ..    40    41    42    43    44"
    assert diagram(5).splitlines()[0] == "edge           0     1     2     3     4     5     6     7     8     9"


def test_text_of_others_is_one_line_that_shows_as_it_is() -> None:
    assert one_line("a\nb\x1b[31m | <b>*c*</b> `d`") == r"a b \[31m \| \<b\>\*c\*\</b\> \`d\`"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "a b"}, "a module's name must be letters"),
        ({"name": "x;quit"}, "a module's name must be letters"),
        ({"name": "small"}, "no word of SystemVerilog or VHDL, not 'small'"),
        ({"part": "x[exec ls]"}, "a part must be an AMD part number"),
        ({"part": "xcvu13p\n"}, "a part must be an AMD part number"),
        ({"clock_ns": 0.0}, "the clock's period must be from 0.01 to 1000 ns, not 0.0"),
        ({"clock_ns": float("nan")}, "the clock's period must be"),
    ],
)
def test_what_can_not_stand_in_a_script_is_refused(changes: dict[str, object], says: str, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/toy.v").write_text("")
    with pytest.raises(UserError, match=says):
        write_handover(tmp_path, replace(facts(), **changes))  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["src"]


def test_a_source_with_another_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a $(x).v").write_text("")
    with pytest.raises(UserError, match="a source's name must be plain"):
        write_handover(tmp_path, facts())


def test_facts_that_do_not_fit_together(tmp_path: Path) -> None:
    given = facts()
    with pytest.raises(InternalError, match="must hold Verilog"):
        write_handover(tmp_path, given)
    write_toy(tmp_path)
    for changes, says in (
        ({"output_words": given.output_words[1:]}, "vectors must be words of both ports"),
        ({"input_words": given.input_words[:0], "output_words": given.output_words[:0]}, "one or more of each"),
        ({"latency": -1}, "a latency must not be negative"),
        ({"input_tensors": (RtlPort("x", (3,), "ap_fixed<4,4>"),)}, "a port of 4 numbers must be of tensors"),
    ):
        with pytest.raises(InternalError, match=says):
            write_handover(tmp_path, replace(given, **changes))  # type: ignore[arg-type]


def test_neither_keras_nor_da4ml_is_needed() -> None:
    program = "import sys, fpga_tf.rtl.handover; print(sorted({'keras', 'da4ml', 'tensorflow'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
