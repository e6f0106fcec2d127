"""Stand-ins for the vendor's tools, first on the PATH, and projects for them.

They behave as the documents say: what they take, where they write, how they print their version. No real tool was seen.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fpga_tf.files import MANIFEST
from fpga_tf.hls.manifest import digests, read_manifest
from fpga_tf.rtl.manifest import RTL_MANIFEST, rtl_digests
from tests.flow.projects import manifest, project
from tests.reports.test_project import COSIM, DATA
from tests.rtl.test_manifest import MADE

BANNERS = {
    "vitis-run": "****** vitis-run v{0} (64-bit)\n  **** SW Build 5074859 on 2024-05-20-23:21:20",
    "v++": "****** v++ v{0} (64-bit)\n  **** SW Build 5074859",
    "vitis_hls": "Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v{0} (64-bit)\nTool Version Limit: 2019.12",
    "vivado_hls": "Vivado(TM) HLS - High-Level Synthesis from C, C++ and SystemC v{0} (64-bit)",
    "vivado": "Vivado v{0} (64-bit)\nTool Version Limit: 2024.05",
}
_HEAD = """#!{python}
import json, os, shutil, signal, subprocess, sys, time
from pathlib import Path
DATA, CALLS, COSIM = Path({data!r}), Path({calls!r}), {cosim!r}
arguments = sys.argv[1:]
if arguments in (["-version"], ["--version"]):
    print({banner!r})
    sys.exit(0)
def text(name):
    return Path(name).read_text() if Path(name).is_file() else None
with CALLS.open("a") as file:
    seen = {{name: text(name) for name in ("build_opt.tcl", "fpga_tf_impl.tcl", "fpga_tf_impl.cfg")}}
    print(json.dumps({{"argv": [{name!r}, *arguments], "cwd": os.getcwd(), "seen": seen}}), file=file)
def put(source, target, *edits):
    words = (DATA / source).read_text()
    for old, new in edits:
        assert old in words, old
        words = words.replace(old, new)
    write(target, words)
def write(target, words):
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(target).write_text(words)
IMPL = (("4 ns", "5 ns"), ("4.000", "5.000"), ("4.212", "5.212"), ("xcku5p-ffvb676-2-e", "xcvu13p-flga2577-2-e"))
def csynth(folder): put("vitis_csynth.xml", folder + "/syn/report/csynth.xml")
def cosim(folder): write(folder + "/sim/report/tagger_cosim.rpt", COSIM)
def export(folder): write(folder + "/impl/ip/component.xml", "<spirit:component/>")
def impl(folder): put("export/export_impl.rpt", folder + "/impl/report/verilog/export_impl.rpt", *IMPL)
"""
# What hls4ml's script makes the tools do.
TCL = """
folder = "tagger_prj/solution1"
if arguments[-1] == "fpga_tf_impl.tcl":
    print("Starting place_design")
    impl(folder)
else:
    words = text("build_opt.tcl") if "build_prj.tcl" == arguments[-1] else arguments[-1].replace("=", " ")
    options = dict(zip(*[iter(words.replace("array set opt {", "").replace("}", "").split())] * 2))
    if options["reset"] == "1": shutil.rmtree("tagger_prj", ignore_errors=True)
    for name, make in (("synth", csynth), ("cosim", cosim), ("export", export)):
        if options[name] == "1":
            print("INFO: [HLS 200-1510] Running: " + name + "_design", flush=True)
            make(folder)
"""
CONFIG = """
folder = "component/hls"
{"-c": csynth, "--cosim": cosim, "--package": export, "--impl": impl}[
    next(one for one in arguments if one in ("-c", "--cosim", "--package", "--impl"))](folder)
"""
VIVADO = """
assert arguments == ["-mode", "batch", "-source", "vivado.tcl"]
put("vivado/timing_met.rpt", "vivado/reports/route_timing.rpt",
    ("trigger_core", "tagger"), ("xcku5p-ffvb676", "xcvu13p-flga2577"))
"""
# Hangs, with a child that does not end when it is asked to.
HANG = """
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('ready', 'w').close(); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code])
while not Path("ready").exists(): time.sleep(0.01)
print("Starting route_design", flush=True)
write("child.part", str(child.pid))
os.replace("child.part", "child")
time.sleep(600)
"""


def gone(file: Path, looks: int = 400) -> bool:
    """Whether the process whose number is in the file has ended, or does so soon."""
    status = Path("/proc") / file.read_text() / "stat"
    for _ in range(looks):
        try:
            if status.read_text().rpartition(")")[2].split()[0] == "Z":
                return True  # nobody waits for it: its parent was ended before it
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


@dataclass(frozen=True)
class Bench:
    """A folder for tools that is first on the PATH.

    Attributes:
        bin: the folder; no tool of the vendor's is elsewhere on the PATH.
        calls: file of what they were called with.
    """

    bin: Path
    calls: Path

    def tool(self, name: str, release: str, body: str, banner: str | None = None) -> Path:
        """Put a tool there.

        Args:
            body: Python that runs unless it is asked for its version.
            banner: printed in place of what such a tool prints.
        """
        path = self.bin / name
        head = _HEAD.format(
            python=sys.executable, data=str(DATA), calls=str(self.calls), name=name,
            cosim=COSIM.format(status="Pass", cycles=70),
            banner=(BANNERS[name] if banner is None else banner).format(release),
        )  # fmt: skip
        path.write_text(head + body)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def called(self) -> list[dict[str, object]]:
        """What the tools were called with, versions left out."""
        return [json.loads(line) for line in self.calls.read_text().splitlines()] if self.calls.is_file() else []


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """No tools yet."""
    made = Bench(tmp_path / "bin", tmp_path / "calls.jsonl")
    made.bin.mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([str(made.bin), "/usr/bin", "/bin"]))
    return made


def hls_project(folder: Path, backend: str = "Vitis", key: str = "0" * 64, name: str = "tagger") -> Path:
    """A project whose scripts are there, too."""
    layers = (("attention", ("config7",)), ("head", ("config9",)))
    made = project(folder, manifest(name=name, modules=layers, backend=backend, key=key))
    texts = {
        "build_prj.tcl": "# hls4ml\n", "build_opt.tcl": "array set opt {\n    csim 1\n}\n",
        "hls_config.cfg": "part=xcvu13p-flga2577-2-e\n\n[hls]\nclock=5ns\n", "tb_data/tb_input_features.dat": "0 1\n",
    }  # fmt: skip
    for file, text in texts.items():
        (made / file).parent.mkdir(exist_ok=True)
        (made / file).write_text(text)
    old = read_manifest(made)
    files = digests(made, [*old.files, *texts])
    (made / MANIFEST).write_text(replace(old, files=files).to_text())
    return made


def rtl_project(folder: Path, project_key: str = "0" * 64, key: str = "ab") -> Path:
    """Generated RTL, as far as tools see it."""
    for name in ("src/tagger.v", "vivado.tcl", "constraints.xdc", "vectors/inputs.hex"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"// {name}\n")
    made = replace(MADE, files=rtl_digests(folder), project=project_key, key=key, clock_ns=4.0)
    (folder / RTL_MANIFEST).write_text(made.to_text())
    return folder
