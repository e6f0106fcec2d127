"""The commands of each step: C synthesis, co-simulation, export, implementation.

From AMD's documents (nothing here was run with a real tool):

* Tcl: the script is hls4ml's `build_prj.tcl`, which takes its steps from `build_opt.tcl` (Vitis) or from an argument
  (Vivado). Implementation is `export_design -flow impl`: UG1399, "export_design". It runs Vivado on the packaged IP;
  the files in `syn/verilog` must not be given to Vivado themselves (UG1399 2023.2, "Output of C Synthesis").
* Configuration file: `v++ -c --mode hls` makes the component, `vitis-run --mode hls` with `--cosim`, `--package` or
  `--impl` works on it: UG1702, "vitis-run Command". `vivado.flow=impl` asks for place and route, where the default is
  synthesis alone: UG1399 2024.1, "Running Implementation".
* RTL: `vivado -mode batch -source vivado.tcl`, a script of our own.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write
from fpga_tf.flow.synth_tools import VITIS_HLS, VITIS_RUN, VIVADO, VIVADO_HLS, VPP, Wanted

STEPS = ("csynth", "cosim", "export", "impl")
LABELS = {
    "csynth": "C synthesis", "cosim": "co-simulation", "export": "export of the IP", "impl": "implementation",
}  # fmt: skip
COMPONENT = "component"  # work folder of the flow with a configuration file
_CONFIG, _IMPL_CONFIG, _IMPL_TCL, _OPTIONS = "hls_config.cfg", "fpga_tf_impl.cfg", "fpga_tf_impl.tcl", "build_opt.tcl"


@dataclass(frozen=True, slots=True)
class Job:
    """One call of a tool.

    Attributes:
        steps: what it does.
        wanted: programs of which one has to be there, the preferred first.
        arguments: by the name of the program.
        written: files that hold another text while the tool works, by name.
        told: what people do in their place, in a line.
        anew: folder of the tool's results that must be removed before.
    """

    steps: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    arguments: Mapping[str, tuple[str, ...]]
    written: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    anew: str | None = None

    @property
    def label(self) -> str:
        """`C synthesis, co-simulation`."""
        return ", ".join(LABELS[step] for step in self.steps)

    def commands(self) -> list[str]:
        """How people write it, a line for each program that would do."""
        return [" ".join(map(_quoted, (one.name, *self.arguments[one.name]))) for one in self.wanted]


def check_steps(steps: Sequence[str], *, rtl: bool) -> tuple[str, ...]:
    """The steps in their order.

    Args:
        steps: by name; none: the first that there is.
        rtl: the folder is one of generated RTL.

    Raises:
        UserError: a name is unknown, or no step of such a folder.
    """
    known = ("impl",) if rtl else STEPS
    for name in steps:
        if name not in STEPS:
            raise UserError(f"--steps must be of {', '.join(STEPS)}, not {name!r}")
        if name not in known:
            raise UserError(f"the one step of generated RTL must be impl, not {name}")
    return tuple(step for step in known if step in steps) or known[:1]


def rtl_jobs() -> list[Job]:
    """Vivado on generated RTL."""
    return [Job(("impl",), (VIVADO,), {"vivado": ("-mode", "batch", "-source", "vivado.tcl")})]


def tcl_jobs(name: str, backend: str, steps: Sequence[str]) -> list[Job]:
    """The flow with Tcl scripts: one call for all steps but the implementation, which needs the IP.

    Args:
        name: top function.
        backend: `Vitis` or `Vivado`.
    """
    first = tuple(step for step in steps if step != "impl")
    jobs = []
    if first:
        options = _options(first)
        if backend == "Vivado":
            text = " ".join(f"{option}={value}" for option, value in options.items())
            jobs.append(_script(backend, first, "build_prj.tcl", text))
        else:
            text = "".join(f"    {option:<10} {value}\n" for option, value in options.items())
            job = _script(backend, first, "build_prj.tcl")
            told = f"set in {_OPTIONS}: {', '.join(f'{option} {value}' for option, value in options.items())}"
            jobs.append(replace(job, written={_OPTIONS: f"array set opt {{\n{text}}}\n"}, told=told))
    if "impl" in steps:
        commands = _implementation(name)
        told = f"write {_IMPL_TCL} with {'; '.join(commands)}"
        job = _script(backend, ("impl",), _IMPL_TCL)
        jobs.append(replace(job, written={_IMPL_TCL: "\n".join(commands) + "\n"}, told=told))
    return jobs


def _options(steps: Sequence[str]) -> dict[str, int]:
    """What hls4ml's script is asked for, in its own order: it takes `synth=` for `vsynth=` too, and the first counts.

    C synthesis begins anew, as later results would be of other RTL. Co-simulation is held against C simulation.
    """
    synth, cosim = int("csynth" in steps), int("cosim" in steps)
    return {
        "reset": synth, "csim": cosim, "synth": synth, "cosim": cosim, "validation": cosim,
        "export": int("export" in steps), "vsynth": 0, "fifo_opt": 0,
    }  # fmt: skip


def _script(backend: str, steps: tuple[str, ...], script: str, *more: str) -> Job:
    if backend == "Vivado":
        return Job(steps, (VIVADO_HLS,), {"vivado_hls": ("-f", script, *more)})
    arguments = {"vitis-run": ("--mode", "hls", "--tcl", script), "vitis_hls": ("-f", script)}
    return Job(steps, (VITIS_RUN, VITIS_HLS), arguments)


def _implementation(name: str) -> tuple[str, ...]:
    return (
        f"open_project {name}_prj",
        "open_solution solution1",
        "export_design -flow impl -rtl verilog -format ip_catalog",
        "exit",
    )


def config_jobs(folder: Path, steps: Sequence[str]) -> list[Job]:
    """The flow with a configuration file: one call for each step.

    Args:
        folder: the project.

    Raises:
        OSError: the configuration file can't be read.
    """
    return config_jobs_of(steps, (folder / _CONFIG).read_text(encoding="utf-8") if "impl" in steps else "")


def config_jobs_of(steps: Sequence[str], text: str) -> list[Job]:
    """The same, of the text of the configuration file."""
    jobs = []
    work = ("--work_dir", COMPONENT)
    for step in steps:
        if step == "csynth":
            made = ("-c", "--mode", "hls", "--config", _CONFIG, *work)
            jobs.append(Job((step,), (VPP,), {"v++": made}, anew=COMPONENT))
            continue
        written, told = {}, ""
        if step == "impl":
            written[_IMPL_CONFIG] = _routed(text)
            told = f"write {_IMPL_CONFIG} with what is in {_CONFIG}, and vivado.flow=impl as its last line"
        option = {"cosim": "--cosim", "export": "--package", "impl": "--impl"}[step]
        arguments = ("--mode", "hls", option, "--config", _IMPL_CONFIG if written else _CONFIG, *work)
        jobs.append(Job((step,), (VITIS_RUN,), {"vitis-run": arguments}, written, told))
    return jobs


def _routed(text: str) -> str:
    """A configuration with place and route, unless it says itself what Vivado shall do; `[hls]` is its last section."""
    stated = any(line.replace(" ", "").startswith("vivado.flow=") for line in text.splitlines())
    return text if stated else f"{text.rstrip()}\nvivado.flow=impl\n"


def results(name: str, backend: str | None, *, config: bool) -> Path:
    """Where the flow keeps its results, below the project.

    Args:
        name: top function.
        backend: None: generated RTL.
        config: the flow with a configuration file.
    """
    if backend is None:
        return Path("vivado")
    return Path(COMPONENT, "hls") if config else Path(f"{name}_prj", "solution1")


@contextlib.contextmanager
def prepared(job: Job, folder: Path) -> Iterator[None]:
    """The folder as the job needs it; files that were written over are put back afterwards.

    Raises:
        ToolError: the disk is full, or the like.
    """
    old = None if job.anew is None else folder / job.anew
    if old is not None and (old / "hls").is_dir() and not old.is_symlink():
        shutil.rmtree(old)
    before = {name: (folder / name).read_bytes() if (folder / name).is_file() else None for name in job.written}
    try:
        for name, text in job.written.items():
            atomic_write(folder / name, text)
        yield
    finally:
        for name, content in before.items():
            if content is None:
                (folder / name).unlink(missing_ok=True)
            else:
                atomic_write(folder / name, content)


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument
