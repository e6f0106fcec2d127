"""Part numbers as tools spell them."""

from __future__ import annotations

import pytest

from fpga_tf.reports.parts import same_part


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("xc7z007sclg225-1", "xc7z007s-clg225-1"),
        ("xcvu13p-flga2577-2-E", "xcvu13p-flga2577-2-e"),
        ("7z020clg400-1", "xc7z020-clg400-1"),
        ("xcvc1902", "xcvc1902-vsva2197-2MP-e-S"),
        ("xcvu9pflgb2104-2", "xcvu9p-flgb2104-2-i"),
        ("xcku3p-ffva676", " xcku3pffva676-2 "),
    ],
)
def test_spellings_of_one_part(one: str, other: str) -> None:
    assert same_part(one, other) and same_part(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("xcvu13p-flga2577-2-e", "xcvu13p-flga2577-1-e"),
        ("xcvu13p-flga2577-2-e", "xcvu13p-fhga2104-2-e"),
        ("xcvu9p", "xcvu9pl-flga2104-2-e"),
        ("xczu7e", "xczu7ev-ffvc1156-2-e"),
        ("xcvu1", "xcvu13p-flga2577-2-e"),
    ],
)
def test_different_parts(one: str, other: str) -> None:
    assert not same_part(one, other) and not same_part(other, one)
