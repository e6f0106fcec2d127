"""Where points are evaluated: in this process, in local processes, or in jobs of a batch system.

Processes and jobs are Dask's (extra `sweep`). A process that dies takes one point with it, which is tried again.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import shutil
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol

from fpga_tf.errors import ToolError, UserError
from fpga_tf.flow.config_sweep import ClusterConfig
from fpga_tf.flow.sweep_task import Found, Task, finish

Batch = Literal["slurm", "htcondor"]
_SUBMIT = {"slurm": "sbatch", "htcondor": "condor_submit"}
TRIES = 4  # the first, and three more


class Pool(Protocol):
    """Evaluates points."""

    def each(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Found | str]]:
        """Positions of tasks with what was found, as they are finished; text: why a point was given up."""


class Here:
    """This process, one point after another."""

    def each(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Found | str]]:
        """As of `Pool`."""
        for number, task in enumerate(tasks):
            yield number, finish(task)


class Workers:
    """Processes of Dask.

    Args:
        client: of the cluster.
        size: points at once.
        tell: is told of each process that died.
    """

    def __init__(self, client: Any, size: int, tell: Callable[[str], None]) -> None:
        self._client, self._size, self._tell = client, size, tell

    def each(self, tasks: Sequence[Task]) -> Iterator[tuple[int, Found | str]]:
        """As of `Pool`."""
        from distributed import wait

        waiting, tried = deque(range(len(tasks))), Counter[int]()
        flying: dict[Any, int] = {}
        while waiting or flying:
            # no more than there are workers: a point that waits on one that dies would count as tried
            while waiting and len(flying) < self._size:
                number = waiting.popleft()
                tried[number] += 1
                flying[self._client.submit(finish, tasks[number], pure=False)] = number
            for future in wait(list(flying), return_when="FIRST_COMPLETED").done:
                number = flying.pop(future)
                if not _died(future):
                    yield number, future.result()
                elif tried[number] < TRIES:
                    self._tell(f"a worker died, its point is tried again ({tried[number]} of {TRIES - 1})")
                    waiting.append(number)
                else:
                    yield number, f"its worker died {TRIES} times"


def _died(future: Any) -> bool:
    from distributed.scheduler import KilledWorker

    return future.status == "error" and isinstance(future.exception(), KilledWorker)


@contextlib.contextmanager
def pool(workers: int, batch: Batch | None, section: ClusterConfig, tell: Callable[[str], None]) -> Iterator[Pool]:
    """Where points are evaluated.

    Args:
        workers: points at once; 1 without a batch system: this process.
        batch: the batch system whose jobs evaluate; None: this machine.
        section: what each job asks for.
        tell: is told of each process that died.

    Raises:
        UserError: a package is missing, or the program that submits jobs.
        ToolError: the batch system refuses a job.
    """
    if batch is None and workers == 1:
        yield Here()
        return
    check_packages("dask", "distributed", *(["dask_jobqueue"] if batch else []))
    if batch is not None and shutil.which(_SUBMIT[batch]) is None:
        raise UserError(f"{_SUBMIT[batch]} must be on the PATH for --cluster {batch}", hint="submit where it is")
    import dask
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is told point by point
    # deaths are counted here, point by point
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "logging.distributed": "critical"}),
        cluster(workers, batch, section) as made,
        Client(made) as client,
    ):
        yield Workers(client, workers, tell)


def check_packages(*names: str) -> None:
    """Refuse what needs the extra `sweep`.

    Raises:
        UserError: a package is missing.
    """
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise UserError(f"{name} must be installed for this", hint="pip install 'fpga_tf[sweep]'")


def cluster(workers: int, batch: Batch | None, section: ClusterConfig) -> Any:
    """Dask's cluster with its workers, or with the jobs that are to have them."""
    if batch is None:
        from distributed import LocalCluster

        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )
    made = _jobs(batch, section)
    _submit(made, workers)
    made.adapt(minimum_jobs=workers, maximum_jobs=workers)  # a job that has ended is replaced
    return made


def _submit(made: Any, workers: int) -> None:
    """Submit the first jobs, and wait until the batch system has them: what refuses them would be tried for ever."""
    for _ in range(workers):
        made.worker_spec.update(made.new_worker_spec())
    try:
        made.sync(made._correct_state)  # `scale` only logs what goes wrong
    except (OSError, RuntimeError, ValueError) as error:
        with contextlib.suppress(AssertionError):  # of the job that was never started
            made.close()
        raise ToolError(f"a job must be submitted, but: {' '.join(str(error).split())[-600:]}") from error


def _jobs(batch: Batch, section: ClusterConfig) -> Any:
    """The cluster of a batch system, without jobs."""
    common: dict[str, Any] = {"cores": section.cores, "memory": section.memory, "processes": 1}
    common["scheduler_options"] = {"dashboard_address": "127.0.0.1:0"}  # this machine alone, any free port
    queues = _job_queues()
    if batch == "slurm":
        return queues.SLURMCluster(queue=section.queue, account=section.account, walltime=section.walltime, **common)
    return queues.HTCondorCluster(disk=section.disk, **common)


def _job_queues() -> Any:
    """dask_jobqueue. Its import takes SIGINT for itself, which is given back: an interrupt has to clean up."""
    before = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    if before is not None:
        signal.signal(signal.SIGINT, before)
    return dask_jobqueue
