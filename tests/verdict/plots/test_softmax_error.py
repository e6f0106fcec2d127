"""The error of softmax tables: within its bound as designed, beyond it where a table is wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.softmax import SoftmaxDesign, design_softmax
from fpga_tf.verdict.plots.softmax_error import draw, softmax_error

HALF = Decimal("0.5")


def design(length: int = 8, error: float | None = None, stable: bool = True) -> SoftmaxDesign:
    scores, weights = (
        Format.parse("ap_fixed<9,5,AP_RND_CONV,AP_SAT>"),
        Format.parse("ap_ufixed<8,0,AP_RND_CONV,AP_SAT>"),
    )
    return design_softmax(scores, weights, length, HALF, error, stable)


@pytest.mark.parametrize("length", [1, 2, 3, 15, 64])
@pytest.mark.parametrize("error", [None, 0.05, 0.0005])
def test_errors_are_within_the_bound(length: int, error: float | None) -> None:
    found = softmax_error("s", design(length, error), HALF)
    assert found.bound is not None
    assert found.largest <= found.bound
    assert found.bound <= (error or 2.0**-8) * 2**8 + 0.5 + 1e-9
    assert length == 1 or found.largest > 0.4  # something is rounded


def test_distances_cover_the_range_of_the_scores() -> None:
    found = softmax_error("s", design(), HALF)
    assert found.distance.min() == 0
    assert found.distance.max() == (2**9 - 1) / 16 / 2
    assert len(np.unique(found.distance)) == 512
    assert found.entries == (len(design().exp), len(design().reciprocal))


def test_the_same_rows_each_time() -> None:
    first, second = (softmax_error("s", design(), HALF) for _ in range(2))
    assert (first.error == second.error).all()


def test_a_wrong_entry_shows() -> None:
    given = design()
    wrong = list(given.exp)
    wrong[20] += 80
    found = softmax_error("s", replace(given, exp=tuple(wrong)), HALF)
    assert found.bound is not None and found.largest > found.bound
    place = int(np.abs(found.error).argmax())
    assert found.distance[place] == pytest.approx((20 << given.exp_shift) / 16 / 2, abs=(1 << given.exp_shift) / 32)


def test_a_wrong_factor_shows() -> None:
    found = softmax_error("s", design(), Decimal(1))
    assert found.bound is not None and found.largest > 10 * found.bound


def test_a_picture_says_of_which_layer_it_is() -> None:
    pytest.importorskip("mplhep")
    (axes,) = draw(softmax_error("a$/b", design(), HALF)).axes
    assert axes.get_title(loc="right") == r"a\$/b"


def test_without_maxima_there_is_no_bound() -> None:
    assert softmax_error("s", design(stable=False), HALF).bound is None
