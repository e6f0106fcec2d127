"""Numbers of reports: those that can be, and no others."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.values import check_order, unsigned


@pytest.mark.parametrize(("text", "value"), [(" 4.500 ", 4.5), ("0", 0.0), ("N/A", None), ("", None)])
def test_a_period_is_a_number_or_unknown(text: str, value: float | None) -> None:
    assert unsigned(text, "a period", "x:1") == value


@pytest.mark.parametrize("text", ["-1.000", "-0", "1e5", "inf"])
def test_a_period_is_never_negative(text: str) -> None:
    with pytest.raises(UserError, match="a period must be"):
        unsigned(text, "a period", "x:1")


def test_numbers_ascend_where_they_are_known() -> None:
    check_order((1, None, 1), "a latency", "x:1")
    check_order((None, 3, 2.5 + 1), "a latency", "x:1")
    with pytest.raises(UserError, match="a latency must be from the smallest to the largest, not 3, 2"):
        check_order((3, None, 2), "a latency", "x:1")
