"""The archive for the hardware engineer: what is in it, that it is always the same, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow.bundle import write_bundle
from fpga_tf.hls.manifest import read_manifest
from tests.flow.vendor import hls_project, rtl_project


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = hls_project(tmp_path / "tagger_project")
    rtl_project(tmp_path / "tagger_project_rtl")
    return folder


def contents(path: Path) -> dict[str, bytes]:
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    found = {}
    with tarfile.open(path) as tape:
        for member in tape:
            file = tape.extractfile(member)
            assert file is not None
            found[member.name] = file.read()
    return found


def test_all_that_was_generated_is_in_it(made: Path, tmp_path: Path) -> None:
    bundle = write_bundle(made)
    path = tmp_path / "tagger_project_bundle.tar.gz"
    assert bundle.path == str(path) and bundle.rtl
    assert bundle.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    found = {name.removeprefix("tagger_project_bundle/"): content for name, content in contents(path).items()}
    files = read_manifest(made).files
    assert {f"tagger_project/{name}" for name in files} < set(found)
    assert set(found) - {f"tagger_project/{name}" for name in files} == {
        "README.md", "SHA256SUMS", "fpga_tf_bundle.json", "tagger.xdc", "tagger_project/fpga_tf.json",
        "tagger_project_rtl/constraints.xdc", "tagger_project_rtl/fpga_tf_rtl.json", "tagger_project_rtl/src/tagger.v",
        "tagger_project_rtl/vectors/inputs.hex", "tagger_project_rtl/vivado.tcl",
    }  # fmt: skip
    assert found["tagger_project/build_prj.tcl"] == (made / "build_prj.tcl").read_bytes()
    assert b"create_clock -period 5.000 -name ap_clk [get_ports ap_clk]\n" in found["tagger.xdc"]
    told = json.loads(found["fpga_tf_bundle.json"])
    assert told["key"] == bundle.key == "0" * 64 and told["rtl_key"] == "ab" and told["edited"] == []
    assert told["digest"] == bundle.digest == hashlib.sha256(found["SHA256SUMS"]).hexdigest()
    assert bundle.files == len(found) and bundle.edited == bundle.left_out == ()


def test_its_digests_hold(made: Path, tmp_path: Path) -> None:
    write_bundle(made)
    with tarfile.open(tmp_path / "tagger_project_bundle.tar.gz") as tape:
        tape.extractall(tmp_path / "there", filter="data")
    folder = tmp_path / "there/tagger_project_bundle"
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=folder, check=False).returncode == 0
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there - listed == {"SHA256SUMS", "fpga_tf_bundle.json"}


@pytest.mark.parametrize("ending", [".tar.gz", ".tgz", ".zip"])
def test_the_same_folder_makes_the_same_bytes(ending: str, made: Path, tmp_path: Path) -> None:
    first = write_bundle(made, tmp_path / f"first{ending}")
    for path in made.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (made / "build_prj.tcl").chmod(0o600)
    second = write_bundle(made, tmp_path / f"second{ending}")
    assert first.sha256 == second.sha256 and first.digest == second.digest
    if ending != ".zip":
        assert Path(first.path).read_bytes()[4:8] == bytes(4)  # gzip's own time
    (made / "build_prj.tcl").write_text("# other\n")
    third = write_bundle(made, tmp_path / f"third{ending}")
    assert third.digest != first.digest and third.edited == ("tagger_project/build_prj.tcl",)
    found = contents(tmp_path / f"third{ending}")
    assert json.loads(found["tagger_project_bundle/fpga_tf_bundle.json"])["edited"] == list(third.edited)
    assert b"`tagger_project/build_prj.tcl`" in found["tagger_project_bundle/README.md"]
    assert found["tagger_project_bundle/tagger_project/build_prj.tcl"] == b"# other\n"


def test_both_formats_hold_the_same(made: Path, tmp_path: Path) -> None:
    one, other = (write_bundle(made, tmp_path / name) for name in ("b.tar.gz", "b.zip"))
    assert one.digest == other.digest
    assert contents(tmp_path / "b.tar.gz") == contents(tmp_path / "b.zip")


def test_what_was_not_generated_is_named_and_left_out(made: Path, tmp_path: Path) -> None:
    (made / "tagger_prj").mkdir()
    (made / "tagger_prj/secret.log").write_text("secret")
    (tmp_path / "tagger_project_rtl/notes.txt").write_text("secret")
    bundle = write_bundle(made)
    assert bundle.left_out == ("tagger_project/tagger_prj/secret.log", "tagger_project_rtl/notes.txt")
    assert b"secret" not in b"".join(contents(Path(bundle.path)).values())


def test_rtl_of_another_model_stays_where_it_is(made: Path, tmp_path: Path) -> None:
    rtl_project(tmp_path / "tagger_project_rtl", project_key="f" * 64)
    bundle = write_bundle(made)
    assert not bundle.rtl and not any("_rtl/" in name for name in contents(Path(bundle.path)))


def test_the_page_tells_of_verilog_only_where_there_is_some(made: Path, tmp_path: Path) -> None:
    name = "tagger_project_bundle/README.md"
    assert b"The C++ and the Verilog are made to" in contents(Path(write_bundle(made).path))[name]
    shutil.rmtree(tmp_path / "tagger_project_rtl")
    page = contents(Path(write_bundle(made).path))[name]
    assert b"The C++ is made to equal the model" in page and b"Verilog are" not in page


@pytest.mark.parametrize("log", ["0.125 -2 \n1 1e-3 \n", "0.125 \n-2 \n1 \n1e-3 \n"], ids=["one output", "two outputs"])
@pytest.mark.parametrize(
    ("prediction", "told"),
    [
        ("0.1250 -2.0000\n1.0 0.001\n", "0 of 4 differ"),
        ("0.125 -2.5\n1.0 0.001\n", "1 of 4 differ"),
        ("0.125 -2 1.0\n", "1 of 4 differ"),
        ("0.125 -2\n1.0 0.001\n0 0\n", "2 of 6 differ"),
    ],
)
def test_the_command_of_the_page_compares_numbers(made: Path, log: str, prediction: str, told: str) -> None:
    page = contents(Path(write_bundle(made).path))["tagger_project_bundle/README.md"].decode()
    (command,) = [line.strip() for line in page.splitlines() if line.startswith("    awk")]
    (made / "tb_data/csim_results.log").write_text(log)
    (made / "tb_data/tb_output_predictions.dat").write_text(prediction)
    done = subprocess.run(["sh", "-c", command], cwd=made, capture_output=True, text=True, check=True)
    assert done.stdout == f"{told}\n"


def test_the_page_has_the_commands(made: Path) -> None:
    page = contents(Path(write_bundle(made).path))["tagger_project_bundle/README.md"].decode()
    for line in (
        "    cd tagger_project",
        "    g++ -std=c++14 -O1 -I firmware/ap_types tagger_test.cpp firmware/tagger.cpp -o testbench && ./testbench",
        "    # C synthesis, co-simulation, export of the IP; first set in build_opt.tcl: reset 1, csim 1, synth 1, "
        "cosim 1, validation 1, export 1, vsynth 0, fifo_opt 0",
        "    vitis-run --mode hls --tcl build_prj.tcl",
        "    # before 2023.2: vitis_hls -f build_prj.tcl",
        "    v++ -c --mode hls --config hls_config.cfg --work_dir component",
        "    vivado -mode batch -source vivado.tcl",
        "    cd tagger_project_rtl",
    ):
        assert f"\n{line}\n" in page


def test_the_page_says_where_its_commands_begin(made: Path) -> None:
    page = contents(Path(write_bundle(made).path))["tagger_project_bundle/README.md"].decode()
    before, begin, blocks = page.partition("Each block of commands begins in the folder of this page.")
    assert begin and "    cd " not in before and blocks.count("\n    cd ") == 4
    assert "Verilator refuses" in blocks.split("## ")[0]


def test_links_that_lead_out_are_refused(made: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("secret")
    target = made / "build_prj.tcl"
    inside = made / "copy.tcl"
    target.rename(inside)
    target.symlink_to("copy.tcl")
    assert write_bundle(made).edited == ()
    target.unlink()
    target.symlink_to(outside)
    with pytest.raises(UserError, match="not behind a link that leads out of it"):
        write_bundle(made)
    (made / "tb_data/tb_input_features.dat").unlink()
    target.unlink()
    inside.rename(target)
    (tmp_path / "tb_input_features.dat").write_text("secret")
    (made / "tb_data").rmdir()
    (made / "tb_data").symlink_to(tmp_path)
    with pytest.raises(UserError, match="not behind a link that leads out of it"):
        write_bundle(made)


def test_what_can_not_be_packed(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a bundle must end in \.tar\.gz, \.tgz, \.zip"):
        write_bundle(made, tmp_path / "b.rar")
    (tmp_path / "b.zip").mkdir()
    with pytest.raises(UserError, match="a bundle must be a file"):
        write_bundle(made, tmp_path / "b.zip")
    (made / "firmware/defines.h").unlink()
    with pytest.raises(UserError, match=r"must be whole to be packed, but firmware/defines\.h can't be read"):
        write_bundle(made)
    with pytest.raises(UserError, match=r"a project must hold fpga_tf\.json"):
        write_bundle(tmp_path)
