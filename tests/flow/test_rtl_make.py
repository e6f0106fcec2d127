"""Names of generated modules."""

from __future__ import annotations

import pytest

from fpga_tf.flow.rtl_make import top_module
from fpga_tf.rtl.names import check_name


@pytest.mark.parametrize(
    ("name", "top"),
    [
        ("jet_flavour", "jet_flavour"), ("a__b_", "a_b"), ("small", "small_top"), ("Entity", "Entity_top"),
        ("small_", "small_top"), ("x" * 40, "x" * 40), ("a_____b", "a_b"),
    ],
)  # fmt: skip
def test_the_top_module_may_be_called_so_in_both_languages(name: str, top: str) -> None:
    assert top_module(name) == top
    check_name(top)
    check_name(top, "vhdl")
