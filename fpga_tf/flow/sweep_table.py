"""A sweep as Apache Parquet, a table that tools of data analysis read. Needs PyArrow (extra `sweep`)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from fpga_tf.flow.sweep_pool import check_packages

if TYPE_CHECKING:
    from fpga_tf.verdict.sweep import Sweep


def check_parquet() -> None:
    """Told before anything is computed.

    Raises:
        UserError: PyArrow is missing.
    """
    check_packages("pyarrow")


def to_parquet(sweep: Sweep) -> bytes:
    """The rows of a sweep; unknown is null."""
    import pyarrow as arrow
    from pyarrow import parquet

    raw = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(sweep.rows()), raw)
    return raw.getvalue()
