"""Part numbers in the spellings of the tools, and parts that only look alike."""

from __future__ import annotations

import pytest

from fpga_tf.reports.parts import same_part


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("xcvu9p-flgb2104-2-i", "xcvu9p-flgb2104-2-i"),
        ("xcvu9p-flgb2104-2-i", "XCVU9P-FLGB2104-2-I"),
        ("xcvu9p-flgb2104-2-i", "xcvu9pflgb2104-2-i"),
        ("xcvu9p-flgb2104-2-i", "xcvu9pflgb2104-2"),
        ("xcvu9p-flgb2104-2-i", "vu9p-flgb2104-2"),
        ("xcvu9p-flgb2104-2-i", "xcvu9p-flgb2104"),
        ("xcvu9p-flgb2104-2-i", "xcvu9pflgb2104"),
        ("xcvu9p-flgb2104-2-i", "xcvu9p"),
        ("xcvu9pflgb2104-2-i", "xcvu9p"),
        ("xc7z020-clg400-1", "7z020clg400-1"),
        ("xc7z020clg400-1", "7z020"),
        ("xcvc1902-vsva2197-2MP-e-S", "xcvc1902"),
        ("xcu250-figd2104-2L-e", "xcu250figd2104-2L"),
        ("xcku5p-ffvb676-2-e", " xcku5p-ffvb676-2-e\n"),
    ],
)
def test_spellings_of_one_part(one: str, other: str) -> None:
    assert same_part(one, other) and same_part(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("xcvu9p", "xcvu9pa"),
        ("xcvu9p-flgb2104-2-i", "xcvu9pa-flgb2104-2-i"),
        ("xcu50", "xcu55c"),
        ("xcu50-fsvh2104-2-e", "xcu55c-fsvh2892-2L-e"),
        ("xcu5", "xcu50"),
        ("xc7z020", "xc7z02"),
        ("xc7z020clg400-1", "xc7z02clg400-1"),
        ("xcku11p", "xcku115"),
        ("xcku11", "xcku115-flvb2104-2-i"),
        ("xcvu13p", "xcvu19p"),
        ("xcvu9p-flgb2104-2-i", "xcvu9p-flga2104-2-i"),  # package
        ("xcvu9p-flgb2104-2-i", "xcvu9p-flgb2104-3-i"),  # speed
        ("xcvu9p-flgb2104-2-i", "xcvu9p-flgb2104-2-e"),  # temperature
        ("xcvu9p-flgb2104-2L-e", "xcvu9p-flgb2104-2-e"),  # low power
        ("xcvu9p-flgb2104-2L-e", "xcvu9p-flgb2104-2"),
        ("xcvu9p-flgb2104-1", "xcvu9p-flgb2104-10"),
        ("xcvu9p-flgb210", "xcvu9p-flgb2104"),
        ("xc7z020", "xa7z020"),  # grade
        ("xcvu9p_CIV-flgb2104-2-i", "xcvu9p"),
        ("xcvu9p-flgb2104-2-i", "5CGXFC9E7F35C8"),
        ("xcvu9p", ""),
    ],
)
def test_other_parts(one: str, other: str) -> None:
    assert not same_part(one, other) and not same_part(other, one)
