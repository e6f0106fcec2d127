"""Bit widths as the command line has them."""

from __future__ import annotations

import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow.widths import numbers, widths
from fpga_tf.verdict.scan import Width


@pytest.mark.parametrize(
    ("text", "found"),
    [("2..5", [2, 3, 4, 5]), ("2,4,8", [2, 4, 8]), ("8, 2..4,3", [2, 3, 4, 8]), ("1", [1]), ("16..16", [16])],
)
def test_ranges_and_lists(text: str, found: list[int]) -> None:
    assert numbers(text, "--fraction") == found


@pytest.mark.parametrize("text", ["", "2..", "5..2", "0..4", "2..17", "2-5", "a", "2,,4", "1e1", "-1", "2...4", "9999"])
def test_what_is_no_list_of_widths(text: str) -> None:
    with pytest.raises(UserError) as caught:
        numbers(text, "--fraction")
    assert caught.value.what == f"--fraction must be numbers from 1 to 16, such as 1..16 or 1,16, not {text!r}"


def test_every_pair_smaller_ones_first() -> None:
    assert widths("5,4", "2..3", None) == [Width(4, 2, 2), Width(4, 3, 3), Width(5, 2, 2), Width(5, 3, 3)]
    assert widths("0", "2,3", 8) == [Width(0, 2, 8), Width(0, 3, 8)]


def test_no_more_bits_than_a_float_holds() -> None:
    assert widths("12", "11", None) == [Width(12, 11, 11)]
    for asked in (("12", "12", None), ("12", "2", 12), ("4..8", "2..16", None)):
        with pytest.raises(UserError, match="integer and fraction bits must be at most 23 together, not 24"):
            widths(*asked)
    with pytest.raises(UserError, match="--integer must be numbers from 0 to 12"):
        widths("13", "2", None)
    with pytest.raises(UserError, match="--weight-fraction must be numbers from 1 to 16"):
        widths("4", "2", 0)
