"""What batch systems are asked for: the scripts of jobs as text, and jobs that this machine runs in their place."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import ToolError, UserError
from fpga_tf.flow import sweep_pool
from fpga_tf.flow.config_sweep import ClusterConfig
from fpga_tf.flow.sweep_pool import _job_queues, _jobs

if importlib.util.find_spec("dask_jobqueue") is None:  # not imported here: it takes SIGINT for itself
    pytest.skip("needs the extra sweep", allow_module_level=True)
SECTION = ClusterConfig(queue="short", account="trigger", cores=2, memory="6GB", disk="3GB", walltime="02:30:00")


def test_the_script_of_a_job_of_slurm() -> None:
    with _jobs("slurm", SECTION) as made:
        lines = made.job_script().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    wanted = ("-p short", "-A trigger", "-n 1", "--cpus-per-task=2", "--mem=6G", "-t 02:30:00")
    assert {f"#SBATCH {one}" for one in wanted} <= set(lines)
    (command,) = [line for line in lines if "dask_worker" in line or "dask worker" in line]
    assert "--nthreads 2" in command and "--nanny" in command


def test_a_queue_that_is_not_given_is_left_to_the_site() -> None:
    with _jobs("slurm", ClusterConfig()) as made:
        script = made.job_script()
    assert "#SBATCH -p" not in script and "#SBATCH -A" not in script and "#SBATCH -t 01:00:00" in script


def test_the_description_of_a_job_of_htcondor() -> None:
    with _jobs("htcondor", SECTION) as made:
        lines = [" ".join(line.split()) for line in made.job_script().splitlines()]
    assert {"RequestCpus = MY.DaskWorkerCores", "RequestMemory = floor(MY.DaskWorkerMemory / 1048576)"} <= set(lines)
    assert {"MY.DaskWorkerCores = 2", "MY.DaskWorkerMemory = 6000000000", "MY.DaskWorkerDisk = 3000000000"} <= set(
        lines
    )


def test_an_interrupt_stays_ours() -> None:
    code = (
        "import signal; before = signal.getsignal(signal.SIGINT); "
        "from fpga_tf.flow.config_sweep import ClusterConfig; from fpga_tf.flow.sweep_pool import _jobs; "
        "_jobs('slurm', ClusterConfig()).close(); assert signal.getsignal(signal.SIGINT) is before"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def submitter(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of a batch system, the only one on the PATH."""
    program = folder / "sbatch"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.defpath}")


@pytest.mark.parametrize(("batch", "program"), [("slurm", "sbatch"), ("htcondor", "condor_submit")])
def test_without_the_program_that_submits_nothing_is_begun(
    batch: Any, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=f"^{program} must be on the PATH for --cluster {batch}"):
        sweep_pool.pool(2, batch, ClusterConfig(), print).__enter__()


def test_a_job_that_is_refused_ends_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submitter(tmp_path, "echo 'sbatch: error: no such partition' >&2; exit 1", monkeypatch)
    with pytest.raises(ToolError, match=r"a job must be submitted, but: .*sbatch: error: no such partition$"):
        sweep_pool.pool(2, "slurm", ClusterConfig(), print).__enter__()


@pytest.mark.slow
def test_points_are_evaluated_by_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submitter(tmp_path, "exit 1", monkeypatch)  # looked for, not run
    _job_queues()
    from dask_jobqueue.local import LocalCluster  # its jobs are scripts that bash runs here

    def local(batch: str, section: ClusterConfig) -> Any:
        options = {"dashboard_address": "127.0.0.1:0"}
        return LocalCluster(cores=section.cores, memory=section.memory, processes=1, scheduler_options=options)

    monkeypatch.setattr(sweep_pool, "_jobs", local)
    monkeypatch.setattr(sweep_pool, "finish", len)
    told: list[str] = []
    with sweep_pool.pool(2, "slurm", ClusterConfig(), told.append) as made:
        found: Any = made.each(["", "a", "bb", "ccc"])  # type: ignore[list-item]
        assert sorted(found) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert told == []
