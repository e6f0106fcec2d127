"""What the tests of the HLS side share."""

from __future__ import annotations

from tests.conformance.conftest import store

__all__ = ["store"]
