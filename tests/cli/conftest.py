"""A small job, and stand-ins for the run and for the display of its verdict."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fpga_tf.flow.progress import Progress

from ..flow.conftest import save_archive


@dataclass
class Result:
    """Stands for fpga_tf.flow.run.RunResult."""

    verdict: str
    steps: list[Any] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"verdict": self.verdict, "steps": [step.name for step in self.steps]}


@dataclass
class Flow:
    """Stands for fpga_tf.flow.run: remembers how it was called, and does what the test says."""

    verdict: str = "pass"
    error: BaseException | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def _work(self, progress: Progress) -> None:
        progress.plan(1)
        with progress.step("work"):
            print("chatter of a library")
        if self.error is not None:
            raise self.error

    def run(self, config: Any, *, fresh: bool, progress: Progress) -> Result:
        self.calls.append(("run", config.name, config.project, fresh))
        self._work(progress)
        return Result(self.verdict, progress.steps)

    def convert(self, config: Any, *, fresh: bool, progress: Progress) -> Path:
        self.calls.append(("convert", config.name, config.project, fresh))
        self._work(progress)
        return Path(config.project)

    def simulate(self, project: Path, *, progress: Progress) -> Result:
        self.calls.append(("simulate", project))
        self._work(progress)
        return Result(self.verdict, progress.steps)


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> Flow:
    """In the place of fpga_tf.flow.run and fpga_tf.verdict.show."""
    fake = Flow()
    run = types.ModuleType("fpga_tf.flow.run")
    run.__dict__.update(run=fake.run, convert=fake.convert, simulate=fake.simulate)
    show = types.ModuleType("fpga_tf.verdict.show")
    show.__dict__.update(render=lambda result, console, quiet=False: console.print(f"verdict {result.verdict} {quiet}"))
    for module in (run, show):
        monkeypatch.setitem(sys.modules, module.__name__, module)
        parent, _, name = module.__name__.rpartition(".")
        __import__(parent)
        monkeypatch.setattr(sys.modules[parent], name, module, raising=False)
    for name in ("KERAS_BACKEND", "CUDA_VISIBLE_DEVICES", "TF_CPP_MIN_LOG_LEVEL", "GRPC_VERBOSITY", "GLOG_minloglevel"):
        monkeypatch.setenv(name, "test")
    return fake


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A valid config; the current folder does not matter."""
    save_archive(tmp_path / "model.keras", "keras.layers")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x_eval"], file["y_eval"] = np.zeros((7, 15, 6), np.float32), np.zeros(7, np.int8)
    path = tmp_path / "tiny.yaml"
    path.write_text("name: tiny\nmodel: {path: model.keras}\ndata: {path: data.h5}\nproject: out/tiny\n")
    return path
