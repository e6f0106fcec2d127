"""One store of builds for the session, or the user's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fpga_tf.store import Store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    given = os.environ.get("FPGA_TF_STORE")
    return Store(Path(given) if given else tmp_path_factory.mktemp("store"))
