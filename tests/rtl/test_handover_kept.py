"""What Vivado put into a folder of RTL is not lost when other RTL would take its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow.rtl_folder import rtl_stands
from fpga_tf.rtl.manifest import rtl_digests

from .handover_toy import write_toy
from .test_manifest import MADE, write


def test_reports_of_vivado_keep_a_folder_from_being_replaced(tmp_path: Path) -> None:
    folder = write_toy(tmp_path)
    write(folder, replace(MADE, files=rtl_digests(folder)))
    assert rtl_stands(folder, "ab", fresh=False)
    assert not rtl_stands(folder, "other", fresh=False), "nothing was put there, so other RTL may take its place"
    (folder / "build").mkdir()
    (folder / "build/icarus.vvp").write_text("")
    assert not rtl_stands(folder, "other", fresh=False), "what make builds is soon there again"
    (folder / "vivado/reports").mkdir(parents=True)
    (folder / "vivado/reports/route_timing.rpt").write_text("")
    with pytest.raises(UserError, match=r"1 file is not: vivado/reports/route_timing\.rpt"):
        rtl_stands(folder, "other", fresh=False)
    assert rtl_stands(folder, "ab", fresh=False)
    assert not rtl_stands(folder, "other", fresh=True)
