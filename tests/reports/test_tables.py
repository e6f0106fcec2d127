"""Tables as the tools print them: what bounds them."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source
from fpga_tf.reports.tables import find_tables


def table(columns: int) -> Source:
    """A table with that many columns and one row."""
    rule = "+-" * columns + "+"
    text = "\n".join([rule, "|a" * columns + "|", rule, "|1" * columns + "|", rule])
    return Source("top_csynth.rpt", f"a report\n{text}\n".encode())


def test_a_table_of_the_most_columns_is_found() -> None:
    (found,) = find_tables(table(1000))
    assert (found.columns, found.rows[0].cells) == (("a",) * 1000, ("1",) * 1000)


def test_a_table_with_too_many_columns_is_refused_where_it_begins() -> None:
    with pytest.raises(UserError, match="at most 1000 columns, not 1001") as caught:
        find_tables(table(1001))
    assert caught.value.where == "top_csynth.rpt:2"
