"""Traced numbers: every conversion of format on every code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fpga_tf.fixedpoint import Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from fpga_tf.rtl.numbers import Number

ROUNDINGS = ("TRN", "TRN_ZERO", "RND", "RND_MIN_INF", "RND_ZERO", "RND_INF", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_SYM", "SAT_ZERO")
TARGETS = ("ap_fixed<6,1", "ap_ufixed<6,1", "ap_fixed<4,5", "ap_fixed<12,6", "ap_fixed<3,8", "ap_ufixed<1,0")


def computed(source: Format, function: Callable[[Number], Number]) -> np.ndarray:
    """The value of a function at every code of a format."""
    from da4ml.trace import comb_trace

    from fpga_tf.rtl.numbers import array_of
    from fpga_tf.rtl.trace import _input, check_graph

    (number,) = _input(source, (1,))
    graph = comb_trace(array_of([number], (1,)), array_of([function(number)], (1,)), keep_dead_inputs=True)
    check_graph(graph)
    return np.asarray(graph.predict(values(source)[:, None])[:, 0])


def values(source: Format) -> np.ndarray:
    return np.arange(source.min_code, source.max_code + 1) * 2.0**-source.fraction


@pytest.mark.qkeras
@pytest.mark.parametrize("source", ["ap_fixed<8,4>", "ap_ufixed<7,3>", "ap_fixed<6,9>", "ap_fixed<5,-1>"])
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_conversions_are_those_of_the_format(source: str, rounding: str) -> None:
    from fpga_tf.rtl.conversion import convert

    given = Format.parse(source)
    for overflow in OVERFLOWS:
        for target in TARGETS:
            fmt = Format.parse(f"{target},AP_{rounding},AP_{overflow}>")
            for factor in (1.0, -1.0, -0.25):
                found = computed(given, lambda x: convert(x * factor, fmt))  # noqa: B023 - called at once
                wanted = fmt.quantise(values(given) * factor) * 2.0**-fmt.fraction
                assert np.array_equal(found, wanted), (str(fmt), factor)


@pytest.mark.qkeras
def test_every_form_of_a_conversion_gives_the_same_codes() -> None:
    from fpga_tf.rtl import conversion

    given = Format.parse("ap_fixed<8,4>")
    forms: dict[str, int] = {}
    for target in ("ap_fixed<6,3,AP_RND_CONV,AP_SAT>", "ap_ufixed<5,2,AP_RND_MIN_INF,AP_SAT>", "ap_fixed<9,2>"):
        fmt = Format.parse(target)
        for ways in (conversion._ROUNDINGS, conversion._LIMITS, conversion._WAYS):
            for way in ways:
                # a rounding alone may leave the range, a limit alone keeps the step
                inner = Format(True, 9, fmt.fraction, fmt.rounding) if ways is conversion._ROUNDINGS else fmt
                of = Format(fmt.signed, fmt.integer, 4, overflow=fmt.overflow) if ways is conversion._LIMITS else inner
                if way(_number(given), of) is not None:
                    found = computed(given, lambda x: way(x, of))  # noqa: B023
                    assert np.array_equal(found, of.quantise(values(given)) * 2.0**-of.fraction), (way, str(of))
                    forms[way.__name__] = forms.get(way.__name__, 0) + 1
    assert forms == {"_added": 3, "_carried": 2, "_compared": 3, "_by_high_bits": 2, "_in_steps": 3, "_whole": 3}


def _number(source: Format) -> Number:
    from fpga_tf.rtl.trace import _input

    return _input(source, (1,))[0]


@pytest.mark.qkeras
def test_the_cheapest_form_is_taken() -> None:
    from fpga_tf.rtl.conversion import convert, cost_of

    for source, target, most in (
        ("ap_fixed<12,4>", "ap_fixed<8,3,AP_RND_CONV,AP_SAT>", 16),
        ("ap_fixed<14,5>", "ap_ufixed<6,2,AP_RND_CONV,AP_SAT>", 20),
        ("ap_fixed<6,3>", "ap_fixed<4,2,AP_RND_CONV,AP_SAT>", 4),
        ("ap_fixed<12,4>", "ap_fixed<8,3>", 0),
    ):
        number = _number(Format.parse(source))
        assert cost_of(convert(number, Format.parse(target)), number) <= most, (source, target)


@pytest.mark.qkeras
def test_what_is_never_negative_gets_no_sign() -> None:
    from fpga_tf.rtl.conversion import convert
    from fpga_tf.rtl.numbers import bits

    found = convert(_number(Format.parse("ap_ufixed<7,1>")), Format.parse("ap_fixed<5,1,AP_RND,AP_SAT>"))
    assert bits(found) == (0, 0, 4)


@pytest.mark.qkeras
def test_bits_of_twos_complement_go_on() -> None:
    from fpga_tf.rtl.numbers import floor_to, low_bits

    given = Format.parse("ap_fixed<5,1>")
    for fraction in (-2, 0, 3):
        for width in (1, 4):
            found = computed(given, lambda x: low_bits(x, width, fraction))  # noqa: B023
            assert np.array_equal(found, np.floor(values(given) * 2.0**fraction) % 2**width * 2.0**-fraction)
        floored = computed(given, lambda x: floor_to(x, fraction))  # noqa: B023
        assert np.array_equal(floored, np.floor(values(given) * 2.0**fraction) * 2.0**-fraction)


@pytest.mark.qkeras
def test_a_bit_chooses_between_numbers_of_any_sign() -> None:
    from fpga_tf.rtl.numbers import chosen, constant, negative

    given = Format.parse("ap_fixed<5,3>")
    x = values(given)
    for true, false in (
        (lambda x: x * -2.0, lambda x: constant(1.5)),
        (lambda x: constant(1.5), lambda x: x * -2.0),
        (lambda x: x * 0.5, lambda x: -x),
        (lambda x: constant(-0.25), lambda x: constant(3)),
    ):
        found = computed(given, lambda n: chosen(negative(n), true(n), false(n)))  # noqa: B023
        wanted = [float(_value(true(v) if v < 0 else false(v))) for v in x]
        assert np.array_equal(found, wanted)


def _value(number: Number) -> float:
    return float(number.low) if hasattr(number, "low") else float(number)


@pytest.mark.qkeras
def test_what_da4ml_would_get_wrong_is_refused() -> None:
    from fpga_tf.errors import InternalError, UserError
    from fpga_tf.rtl.numbers import constant, floor_to, looked_up

    with pytest.raises(UserError, match="at most 32 bits here to become RTL, not 33"):
        computed(Format.parse("ap_fixed<8,4>"), lambda x: floor_to(x * (2.0**26 + 1), 3))
    with pytest.raises(UserError, match="at most 62 bits here to become RTL, not 67"):
        computed(Format.parse("ap_fixed<8,4>"), lambda x: x * (2.0**30 + 1) * (2.0**29 + 1))
    with pytest.raises(InternalError, match="da4ml must keep the constant"):
        computed(Format.parse("ap_fixed<8,-30>"), lambda x: (x * 2.0**34).min_of(3.8125))
    with pytest.raises(UserError, match="entries of tables must have at most 31 bits here"):
        computed(Format.parse("ap_ufixed<2,2>"), lambda x: looked_up(x, [1, 2.0**31, 5, 7]))
    with pytest.raises(UserError, match="entries of tables must have at most 24 significant bits here"):
        computed(Format.parse("ap_ufixed<1,1>"), lambda x: looked_up(x, [0, 2.0**24 + 1]))
    most = computed(Format.parse("ap_ufixed<1,1>"), lambda x: looked_up(x, [0, 2.0**24 - 1]))
    assert most.tolist() == [0, 2.0**24 - 1]
    with pytest.raises(InternalError, match="what selects must be a sign or a bit of its own"):
        computed(Format.parse("ap_ufixed<4,4>"), lambda x: x.msb_mux(constant(1), constant(0)))


@pytest.mark.qkeras
def test_costs_of_nodes_are_those_of_the_graph() -> None:
    from fpga_tf.lower.walk import lower
    from fpga_tf.rtl.trace import trace
    from tests.conformance.cases import build_model

    model = build_model("attention", 0)
    traced = trace(model, lower(model))
    kinds = {kind for costs in traced.costs.values() for kind in costs}
    assert {"additions", "multiplications", "selections", "tables"} <= kinds
    assert sum(sum(costs.values()) for costs in traced.costs.values()) == pytest.approx(traced.graph.cost)
    assert set(traced.costs) <= set(traced.spans)
    assert max(last for _, last in traced.spans.values()) == max(op.latency for op in traced.graph.ops)
    assert min(first for first, _ in traced.spans.values()) == 0
    first = next(name.removesuffix("_scores") for name in traced.spans if name.endswith("_scores"))
    scores, weights = traced.spans[f"{first}_scores"], traced.spans[f"{first}_attention"]
    assert scores[0] < weights[0] < scores[1] < weights[1]  # a row's softmax starts once its own scores are there


@pytest.mark.qkeras
@pytest.mark.parametrize("places", [0, 20, 31, 32, 40])
@pytest.mark.parametrize("value", [5.0, -63.0, 0.5])
def test_constants_beside_products_of_far_factors(places: int, value: float) -> None:
    """A product of products is held in a far unit, in which da4ml 0.6 loses a constant that is selected beside it."""
    from fpga_tf.rtl.numbers import chosen, clipped, constant, negative, tabulated

    given = Format.parse("ap_fixed<6,6>")
    whole = values(given)

    def far(x: Number) -> Number:
        return (x * 2.0**-places) * tabulated(x, lambda known: (known % 2 + 1) * 2.0**places)

    product = whole * (whole % 2 + 1)
    found = computed(given, lambda x: chosen(negative(x), far(x), constant(value)))
    assert np.array_equal(found, np.where(whole < 0, product, value))
    found = computed(given, lambda x: chosen(negative(x), constant(value), far(x)))
    assert np.array_equal(found, np.where(whole < 0, value, product))
    found = computed(given, lambda x: clipped(far(x), value - 9, value))
    assert np.array_equal(found, np.clip(product, value - 9, value))
