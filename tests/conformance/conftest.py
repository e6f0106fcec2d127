"""One store of builds for the session, or the user's own; programs compiled two at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fpga_tf.store import Store

if TYPE_CHECKING:
    from tests.conformance.proof import Project

Key = tuple[str, int]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    given = os.environ.get("FPGA_TF_STORE")
    return Store(Path(given) if given else tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def projects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, store: Store
) -> Iterator[dict[Key, Future[Project]]]:
    """The projects of all selected tests of a module, by (group, seed); g++ runs while others are converted.

    The module gives ``draft_of(group, seed, folder, store)``, which returns a function that compiles.
    """
    selected = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    params: list[Any] = [item.callspec.params for item in selected if hasattr(item, "callspec")]
    keys = dict.fromkeys((p["group"], p["seed"]) for p in params if "group" in p)
    with ThreadPoolExecutor(2) as pool:
        yield {
            (group, seed): pool.submit(
                request.module.draft_of(group, seed, tmp_path_factory.mktemp(group) / "project", store)
            )
            for group, seed in keys
        }
        pool.shutdown(cancel_futures=True)
