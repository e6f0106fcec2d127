"""Runs the vendor's tools on a project, and lets only those steps pass that made something new."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from fpga_tf.errors import ToolError, UserError
from fpga_tf.files import MANIFEST, RTL_MANIFEST, atomic_write
from fpga_tf.flow.lock import project_lock
from fpga_tf.flow.report_budget import Demand, limits_of
from fpga_tf.flow.synth_aside import only_earned
from fpga_tf.flow.synth_check import check_made, was_made
from fpga_tf.flow.synth_log import phase
from fpga_tf.flow.synth_run import Ended, Watch, run_logged
from fpga_tf.flow.synth_steps import Job, check_steps, config_jobs, prepared, results, rtl_jobs, tcl_jobs
from fpga_tf.flow.synth_tools import find_tool

if TYPE_CHECKING:
    from fpga_tf.flow.progress import ActiveStep, Progress

LOG = "fpga_tf_synth.log"
_SHOWN = 5  # errors of a tool in a message


@dataclass(frozen=True, slots=True)
class Project:
    """A folder that tools can work on.

    Attributes:
        top: top function or module.
        backend: `Vitis` or `Vivado`; None for generated RTL.
        demand: the part, the clock and the limits that it was made for; RTL has no limits of its own.
    """

    folder: Path
    top: str
    backend: str | None
    demand: Demand


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants.

    Attributes:
        steps: by name; none: the first that there is.
        config: the flow with a configuration file, not the one with Tcl scripts.
        seconds: that each call of a tool may take; None: any.
        stall: seconds without output that are told.
    """

    steps: tuple[str, ...] = ()
    config: bool = False
    seconds: float | None = None
    stall: float = 900.0


@dataclass(frozen=True, slots=True)
class Done:
    """A call of a tool that worked.

    Attributes:
        steps: what it did.
        tool: program, release and path.
        command: with its arguments.
        seconds: wall-clock.
        made: a new file of each step, below the project.
    """

    steps: tuple[str, ...]
    tool: str
    command: tuple[str, ...]
    seconds: float
    made: tuple[str, ...]


def is_project(folder: Path) -> bool:
    """Whether a folder holds a project or generated RTL."""
    return any((folder / name).is_file() for name in (MANIFEST, RTL_MANIFEST))


def open_project(folder: Path) -> Project:
    """The project in a folder.

    Raises:
        UserError: the folder holds neither a project nor generated RTL, or its manifest is damaged.
    """
    if (folder / RTL_MANIFEST).is_file():
        from fpga_tf.rtl.manifest import read_rtl_manifest

        rtl = read_rtl_manifest(folder)
        return Project(folder, rtl.name, None, Demand(part=rtl.part, clock_ns=rtl.clock_ns))
    if not is_project(folder):
        raise UserError(
            f"a project must be a folder with {MANIFEST} or {RTL_MANIFEST}",
            where=str(folder),
            hint="make it with `fpga-tf convert CONFIG` or `fpga-tf rtl CONFIG`",
        )
    from fpga_tf.flow.settings import read_project

    manifest, settings = read_project(folder)
    demand = Demand(limits_of(settings.budget), manifest.part, manifest.clock_ns)
    return Project(folder, manifest.name, manifest.backend, demand)


def synthesise(project: Project, asked: Asked, progress: Progress, say: Callable[[str], None]) -> list[Done]:
    """Run the steps, one call of a tool after the other.

    Their output is in the project's file `fpga_tf_synth.log`, which each run makes anew.

    Args:
        say: told what is run, and silences.

    Raises:
        UserError: a step can't be, or what it works on is not there.
        ToolError: a tool is missing, too old, or failed: by its exit code, by an error in its output, by its time, or
            as it made no new report.
    """
    jobs = _jobs(project, asked)
    hint = elsewhere(project.folder, jobs)
    # each is asked for its version once: that takes a tool some seconds
    found = {
        wanted: find_tool(wanted, str(project.folder), hint) for wanted in dict.fromkeys(job.wanted for job in jobs)
    }
    log = project.folder / LOG
    progress.plan(len(jobs))
    done = []
    with project_lock(project.folder):
        atomic_write(log, "")
        for job in jobs:
            tool = found[job.wanted]
            say(f"{tool}: {' '.join((tool.name, *job.arguments[tool.name]))}")
            command = [str(tool.path), *job.arguments[tool.name]]
            with progress.step(job.label) as step:
                made = _run(project, job, command, log, asked, step, say)
            done.append(Done(job.steps, str(tool), tuple(command), step.seconds, made))
    return done


def _jobs(project: Project, asked: Asked) -> list[Job]:
    rtl = project.backend is None
    steps = check_steps(asked.steps, rtl=rtl)
    if asked.config and project.backend != "Vitis":
        raise UserError(
            f"--flow config must be for a project of the backend Vitis, not {project.backend or 'for generated RTL'}",
            where=str(project.folder),
        )
    if project.backend is None:
        return rtl_jobs()
    there = results(project.top, project.backend, config=asked.config)
    if "csynth" not in steps and not was_made("csynth", project.folder / there, project.top):
        raise UserError(
            f"{steps[0]} must come after C synthesis, of which there is no report in {there}",
            where=str(project.folder),
            hint=f"fpga-tf synth {project.folder} --steps csynth,{','.join(steps)}",
        )
    return config_jobs(project.folder, steps) if asked.config else tcl_jobs(project.top, project.backend, steps)


def elsewhere(folder: Path, jobs: Sequence[Job]) -> str:
    """What to do where the tools are, in lines.

    Args:
        folder: of the project.
    """
    name = quote(folder.resolve().name)
    lines = [f"copy the folder to a machine that has it (`fpga-tf bundle` packs it), and there: cd {name}"]
    for job in jobs:
        lines += [job.told] if job.told else []
        first, *others = job.commands()
        lines += [first, *(f"(before 2023.2: {other})" for other in others)]
    return "\n       ".join(lines)


def _run(
    project: Project,
    job: Job,
    command: list[str],
    log: Path,
    asked: Asked,
    step: ActiveStep,
    say: Callable[[str], None],
) -> tuple[str, ...]:
    """Run one job and check it; the new reports."""
    now = ""

    def heard(line: str) -> None:
        nonlocal now
        now = phase(line) or now
        step.say(now)

    def stalled(seconds: float) -> None:
        silence = f"no output for {seconds / 60:.3g} min" + (f", since {now}" if now else "")
        step.say(silence)
        say(f"{job.label}: {silence}; it is still at work")

    begun = time.monotonic()
    there = project.folder / results(project.top, project.backend, config=asked.config)
    with only_earned(project.folder, there, job.steps, say) as before:
        with prepared(job, project.folder):
            try:
                ended = run_logged(command, project.folder, log, Watch(asked.seconds, asked.stall, heard, stalled))
            except OSError as error:
                raise ToolError(f"the tool must start, not fail with: {error}", where=command[0]) from error
        _check_ended(job, ended, log, time.monotonic() - begun, now)
        made = [check_made(one, project.folder, project.top, before, log) for one in job.steps]
    step.say("")
    return tuple(str(path.relative_to(project.folder)) for path in made)


def _check_ended(job: Job, ended: Ended, log: Path, seconds: float, now: str) -> None:
    if ended.code is None:
        at_work = f"not be at work after {seconds / 60:.3g} min{f' ({now})' if now else ''}"
        raise ToolError(
            f"{job.label} must end within --timeout, {at_work}",
            where=str(log),
            hint="the tool was ended: allow it more",
        )
    if ended.code == 0 and not ended.errors:
        return
    shown = ended.errors[:_SHOWN]
    more = len(ended.errors) - len(shown)
    told = "".join(f"\n       {line[:300]}" for line in shown) + (f"\n       and {more} more" if more else "")
    how = _how(ended.code) if ended.code else "print errors (and end with exit code 0)"
    raise ToolError(f"{job.label} must work, not {how}{told}", where=str(log), hint="that file has the whole output")


def _how(code: int) -> str:
    """How a tool ended that was not asked to; a negative code is that of a signal."""
    if code > 0:
        return f"end with exit code {code}"
    known = {one.value: one.name for one in signal.Signals}
    return f"be ended by the signal {known.get(-code, -code)}"
