"""For all tests: the same drawn examples on every machine, and a small job, made once per session."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from .job import Done, Job, make

# the same examples each time, however slow the machine is
settings.register_profile("seeded", derandomize=True, deadline=None)
settings.load_profile("seeded")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models and jets, and an empty store."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "store").mkdir(mode=0o700)
    make(folder)
    return folder


@pytest.fixture(scope="session")
def first(workshop: Path) -> tuple[Job, Done]:
    """The first run of all, from nothing to the verdict; it fills the session's store."""
    (workshop / "first").mkdir()
    job = Job(workshop / "first", workshop, workshop / "store")
    return job, job.cli("run", job.config(), "--format", "json", "-q")


@pytest.fixture
def job(tmp_path: Path, first: tuple[Job, Done]) -> Job:
    """A job of the test's own, with a store that has seen a run."""
    return Job(tmp_path, first[0].made, first[0].store)
