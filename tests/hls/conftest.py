"""What the tests of the HLS side share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fpga_tf.hls.build import build
from fpga_tf.hls.manifest import Manifest
from fpga_tf.hls.simulate import Simulated, simulate
from fpga_tf.store import Store
from tests.conformance.conftest import store

__all__ = ["store"]


@dataclass(frozen=True)
class Tiny:
    """The tiny tagger's project, to be read only."""

    model: Any
    converted: Any
    manifest: Manifest
    folder: Path
    inputs: list[NDArray[Any]]

    @property
    def codes(self) -> list[NDArray[np.int64]]:
        """Inputs of the firmware."""
        return [p.codes(x) for p, x in zip(self.converted.inputs, self.inputs, strict=True)]

    def node(self, name: str) -> Any:
        """A node of hls4ml's graph."""
        return next(node for node in self.converted.graph.get_layers() if node.name == name)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    from tests.hls.tiny import tiny_model, write_tiny

    folder = tmp_path_factory.mktemp("tiny") / "project"
    model = tiny_model()
    converted, manifest, inputs = write_tiny(model, folder)
    return Tiny(model, converted, manifest, folder, inputs)


@pytest.fixture(scope="session")
def firmware(tiny: Tiny, store: Store) -> Callable[[Path], Simulated]:
    """Compiles a copy of the tiny project and runs it, traced."""

    def run(folder: Path) -> Simulated:
        program, _, _ = build(folder, tiny.manifest, store, folder.with_suffix(".log"))
        return simulate(program, tiny.manifest, tiny.codes, traced=True)

    return run
