"""Ranges of HGQ2's tensors, held against every value that can occur; ports, against quantising at once."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding
from fpga_tf.hls.hgq2_quantisers import assignments, port_format
from fpga_tf.hls.hgq2_ranges import NO_BITS, Range, added, contracted, exact_range, full_range, joined, negated

MODES = list(product(Rounding, (Overflow.WRAP, Overflow.SAT, Overflow.SAT_SYM)))


def formats(rng: np.random.Generator, count: int, rounding: Rounding, overflow: Overflow) -> list[Format | None]:
    """Narrow formats around the point, none for some elements."""
    found: list[Format | None] = []
    for _ in range(count):
        signed, integer, fraction = bool(rng.integers(2)), int(rng.integers(-2, 4)), int(rng.integers(-2, 4))
        width = signed + integer + fraction
        found.append(Format(signed, integer, fraction, rounding, overflow) if width >= 1 else None)
    return found


@pytest.mark.parametrize(("rounding", "overflow"), MODES)
def test_a_quantised_element_stays_in_its_range_and_reaches_its_ends(rounding: Rounding, overflow: Overflow) -> None:
    rng = np.random.default_rng(0)
    reached = 0
    for given, fmt in zip(
        formats(rng, 60, Rounding.TRN, Overflow.WRAP), formats(rng, 60, rounding, overflow), strict=True
    ):
        if given is None:
            continue
        values = given.dequantise(np.arange(given.min_code, given.max_code + 1))
        made = full_range((1,), given).quantised([fmt])
        exact = np.zeros(1) if fmt is None else fmt.dequantise(fmt.quantise(values))
        assert made.low[0] <= exact.min() and exact.max() <= made.high[0]
        assert (made.fraction[0] == NO_BITS) == (not made.low.any() and not made.high.any())
        if made.fraction[0] != NO_BITS:
            assert fmt is not None and made.fraction[0] <= fmt.fraction
            steps = np.ldexp(exact, int(made.fraction[0]))
            assert (steps == np.rint(steps)).all()
        assert made.format.dequantise(made.format.quantise(exact)).tolist() == exact.tolist()
        reached += made.low[0] == exact.min() and made.high[0] == exact.max()
    assert reached > 20


def random_range(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Range, np.ndarray]:
    """A range, and values in it with both ends among them: shape (many, *shape)."""
    fraction = rng.integers(-1, 3, shape)
    codes = np.sort(rng.integers(-4, 5, (2, *shape)), axis=0)
    low, high = np.ldexp(codes[0].astype(float), -fraction), np.ldexp(codes[1].astype(float), -fraction)
    drawn = np.ldexp(np.stack([rng.integers(codes[0], codes[1] + 1) for _ in range(300)]).astype(float), -fraction)
    return Range(low, high, fraction), np.concatenate([low[None], high[None], drawn])


@pytest.mark.parametrize("seed", range(5))
def test_exact_results_stay_in_their_range(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, x = random_range(rng, (2, 3))
    b, y = random_range(rng, (3, 2))
    kernel = np.ldexp(rng.integers(-3, 4, (3, 2)).astype(float), -rng.integers(0, 3, (3, 2)))
    for made, values in (
        (contracted("ab,bc->ac", a, b), np.einsum("nab,nbc->nac", x, y)),
        (contracted("ab,bc->ac", a, exact_range(kernel)), x @ kernel),
        (contracted("ab,cb->abc", a, b.transposed([1, 0])), np.einsum("nab,ncb->nabc", x, y.transpose(0, 2, 1))),
        (added(a, b.transposed([1, 0])), x + y.transpose(0, 2, 1)),
        (added(a, negated(b.transposed([1, 0]))), x - y.transpose(0, 2, 1)),
        (joined(a, b.reshaped([2, 3]), 0), np.concatenate([x, y.reshape(-1, 2, 3)], 1)),
        (a.rectified(), np.maximum(x, 0)),
    ):
        assert (made.low <= values.min(0)).all() and (values.max(0) <= made.high).all()
        assert (np.where(values == 0, 0.0, np.ldexp(values, made.fraction)) % 1 == 0).all()
        assert (made.format.codes_of(values)[1]).all()


def test_a_range_is_no_wider_than_what_can_occur() -> None:
    x = Range(np.array([-1.0, 0.0]), np.array([0.5, 0.0]), np.array([1, 5]))
    assert x.format == Format(True, 0, 1)  # the second element is always zero, its five bits do not count
    made = contracted("a,ab->b", x, exact_range(np.array([[2.0, 0.0], [0.25, 0.25]])))
    assert (made.low.tolist(), made.high.tolist()) == ([-2.0, 0.0], [1.0, 0.0])
    assert made.format == Format(True, 1, 0)
    assert Range(np.zeros(2), np.zeros(2), np.array([3, 3])).format == Format(False, 1, 0)


@pytest.mark.parametrize("overflow", [Overflow.WRAP, Overflow.SAT])
@pytest.mark.parametrize("rounding", [Rounding.TRN, Rounding.RND])
def test_a_port_of_several_formats_loses_nothing(rounding: Rounding, overflow: Overflow) -> None:
    rng = np.random.default_rng(7)
    raw = np.concatenate([rng.normal(0, 4, 3000), np.arange(-80, 80) / 16])
    for _ in range(40):
        found = formats(rng, 5, rounding, overflow)
        port = port_format(found, "x")
        arrived = port.dequantise(port.quantise(raw))
        for fmt in found:
            if fmt is not None:
                assert fmt.quantise(arrived).tolist() == fmt.quantise(raw).tolist(), f"{fmt} behind {port}"


def test_a_port_that_cannot_be() -> None:
    wrap, sat = (Format(True, 2, 3, Rounding.RND, o) for o in (Overflow.WRAP, Overflow.SAT))
    assert port_format([wrap, None, wrap], "x") == wrap
    assert port_format([None], "x") == Format(False, 1, 0)
    even = Format(True, 2, 4, Rounding.RND_CONV, Overflow.WRAP)
    assert port_format([even], "x") == even
    for mixed in ([wrap, sat], [wrap, even]):
        with pytest.raises(UserError, match="an input must be quantised by RND or TRN if its elements have") as caught:
            port_format(mixed, "x")
        assert caught.value.where == "input x"


def test_statements_name_every_element_once() -> None:
    one, other = Format(True, 2, 3, Rounding.RND), Format(False, -1, 4)
    assert assignments([one, None, other, one]) == [
        "static const unsigned at0[2] = {0, 3};",
        "for (unsigned j = 0; j < 2; j++) {",
        "    #pragma HLS UNROLL",
        "    y[at0[j]] = ap_fixed<6,3,AP_RND,AP_WRAP,0>(x[at0[j]]);",
        "}",
        "static const unsigned at1[1] = {1};",
        "for (unsigned j = 0; j < 1; j++) {",
        "    #pragma HLS UNROLL",
        "    y[at1[j]] = 0;",
        "}",
        "static const unsigned at2[1] = {2};",
        "for (unsigned j = 0; j < 1; j++) {",
        "    #pragma HLS UNROLL",
        "    y[at2[j]] = ap_ufixed<3,-1,AP_TRN,AP_WRAP,0>(x[at2[j]]);",
        "}",
    ]
