"""What must be equal, what may move within limits, what is told: every kind of value of a baseline."""

from __future__ import annotations

from typing import Any

import pytest

from fpga_tf.errors import UserError
from fpga_tf.verdict.regression.baseline import Costs
from fpga_tf.verdict.regression.compare import compare, short
from fpga_tf.verdict.regression.positions import lines_of
from fpga_tf.verdict.regression.rows import Row, Since

from .made import FILE, FORMAT, compared, digest, made

FAILED_BEFORE = ("gates.device_share.LUT", "told")  # then and now
WIDER = "ap_fixed<8,4,AP_TRN,AP_WRAP,0>"


def moved(**changes: Any) -> dict[str, Row]:
    return {row.label: row for row in compared(**changes).moved}


def test_nothing_moves_where_nothing_changed() -> None:
    found = compared()
    assert (found.failed, found.since) == (False, None)
    assert [(row.label, row.outcome) for row in found.moved] == [FAILED_BEFORE]
    assert [row.label for row in found.unknown] == ["physics.float", "gates.latency_us"]
    assert found.replayed is not None and (found.replayed.differing, found.replayed.outputs) == (0, 4)
    # 7 of what it is made for, 5 of what is asked, 5 formats, 2 of a set, layers and samples, 7 of physics, 9 costs,
    # 3 gates, 5 versions
    assert len(found.rows) == 7 + 5 + 5 + 2 + 2 + 7 + 9 + 3 + 5


def test_codes_name_the_first_layer_that_moved() -> None:
    changes = {"layers__1__codes": digest("a"), "layers__2__codes": digest("b"), "sets__evaluation__outputs": "c" * 64}
    found = compared(codes=([3, 4], [-7, 13]), **changes)
    assert found.failed
    assert found.since == Since("logits", "codes", 2, 3)
    assert found.replayed is not None
    numbers = found.replayed
    assert (numbers.differing, numbers.samples, numbers.differing_outputs, numbers.outputs) == (1, 2, 1, 4)
    assert numbers.max_lsb == 5
    assert found.remarks[:2] == [
        "codes differ since layer logits (2 of 3)",
        "of the samples in the baseline 1 of 2 differ, in 1 of 4 outputs, by at most 5 LSB",
    ]
    rows = [(row.label, row.outcome) for row in found.moved]
    failed = ("codes.layers", "codes.evaluation", "codes.samples")
    assert rows == [*((name, "fail") for name in failed), FAILED_BEFORE]


def test_a_layer_that_moves_behind_equal_outputs_fails() -> None:
    found = compared(layers__0__codes=digest("a"))
    assert [row.label for row in found.moved if row.outcome == "fail"] == ["codes.layers"]
    assert found.since == Since("embed", "codes", 1, 3)


def test_outputs_that_move_in_no_traced_layer_fail() -> None:
    found = compared(sets__evaluation__outputs=digest("a"))
    assert (found.failed, found.since) == (True, None)


def test_a_format_says_from_what_to_what() -> None:
    found = compared(layers__1__format=WIDER, layers__1__codes=digest("a"))
    types = "from ap_fixed<6,3,RND_CONV,SAT> to ap_fixed<8,4,TRN,WRAP>"
    assert str(found.since) == f"format differs since layer logits (2 of 3): {types}"
    row = {row.label: row for row in found.moved}["formats.layer logits"]
    assert row.say == f"format of layer logits {types}"
    assert row.outcome == "fail"


@pytest.mark.parametrize(("text", "said"), [(FORMAT, "ap_fixed<6,3,RND_CONV,SAT>"), ("ap_uint<3>", "ap_uint<3>")])
def test_formats_are_written_as_by_hand(text: str, said: str) -> None:
    assert short(text) == said


def test_a_layer_that_comes_or_goes_fails() -> None:
    new = {"name": "extra", "shape": "2", "format": FORMAT, "codes": digest("9")}
    layers = made().model_dump()["layers"]
    found = compared(layers=[layers[0], new, *layers[1:]])
    assert found.since == Since("extra", "layers", 2, 4)
    assert {row.say for row in found.moved if row.group == "formats"} == {"layer extra is new"}
    found = compared(layers=layers[:2])
    assert found.since == Since("scores", "layers", 3, 3)
    assert {row.say for row in found.moved if row.group == "formats"} == {"layer scores is gone"}
    found = compared(layers=[layers[1], layers[0], layers[2]])
    assert {row.say for row in found.moved if row.group == "formats"} == {"the order of the layers is another one"}
    assert found.failed


def test_a_shape_fails() -> None:
    rows = moved(layers__0__shape="2x1")
    assert rows["formats.layer embed, shape"].say == "shape of layer embed from 2 to 2x1"
    assert rows["formats.layer embed, shape"].outcome == rows["codes.layers"].outcome == "fail"


def test_other_inputs_fail_and_what_follows_from_them_is_told() -> None:
    rows = moved(
        sets__evaluation__inputs=digest("a"),
        sets__evaluation__outputs=digest("b"),
        traced__inputs=digest("c"),
        layers__0__codes=digest("d"),
    )
    outcomes = {name: row.outcome for name, row in rows.items() if row.group in ("inputs", "codes")}
    assert outcomes == {"inputs.evaluation": "fail", "codes.evaluation": "told", "codes.layers": "told"}


def test_samples_that_do_not_fit_are_told() -> None:
    assert moved(runs=False)["codes.samples"].outcome == "told"


def test_samples_of_a_wrong_size_are_refused() -> None:
    old = made(samples__1__outputs={"scores": "1 2 3"})
    with pytest.raises(UserError, match="must hold 2 codes, not 3") as error:
        compared(old)
    assert error.value.where is not None and error.value.where.startswith("tagger.baseline.json:")


@pytest.mark.parametrize("name", ["name", "backend", "shape", "part", "clock_ns", "rtl_clock_ns"])
def test_what_it_is_made_for_must_be_equal(name: str) -> None:
    new = 4.0 if name.endswith("ns") else "dataflow"
    row = moved(**{f"made_for__{name}": new})[f"made_for.{name}"]
    assert (row.outcome, row.new) == ("fail", new)


LIMITS = made().configuration.at_most


@pytest.mark.parametrize(
    ("name", "limit", "cells", "said"),
    [
        ("latency_us", 5.0, ("2 us", "5 us", "+150 %", "+0 %", "FAIL"), "from 2 us to 5 us, which is looser"),
        ("latency_us", None, ("2 us", "none", "", "+0 %", "FAIL"), "from 2 us to none, which is looser"),
        ("latency_us", 1.5, ("2 us", "1.5 us", "-25 %", "+0 %", "within"), "from 2 us to 1.5 us, which is stricter"),
        ("device_share.LUT", 1.0, ("0.8", "1", "+25 %", "+0 %", "FAIL"), "from 0.8 to 1, which is looser"),
        ("interval_cycles", 2, ("1 cycle", "2 cycles", "+100 %", "+0 %", "FAIL"), "from 1 cycle to 2 cycles, which"),
        ("max_auc_loss", 0.005, ("0", "0.005", "from 0", "+0 %", "FAIL"), "from 0 to 0.005, which is looser"),
        ("slr_share.LUT", 1.0, ("none", "1", "", "+0 %", "within"), "from none to 1, which is stricter"),
    ],
)
def test_a_limit_of_the_configuration_may_get_stricter_only(
    name: str, limit: float | None, cells: tuple[str, ...], said: str
) -> None:
    limits = {one: value for one, value in {**LIMITS, name: limit}.items() if value is not None}
    found = compared(configuration__at_most=limits)
    (row,) = [row for row in found.moved if row.group == "configuration"]
    assert (row.label, row.cells) == (f"configuration.{name}", cells)
    assert row.say.startswith(f"the configuration's limit of {name} {said}")
    assert found.failed == (cells[-1] == "FAIL")


def test_a_limit_is_guarded_where_its_gate_says_nothing() -> None:
    unknown = {"latency_us": "unknown"}
    limits = {name: value for name, value in LIMITS.items() if name != "latency_us"}
    found = compared(made(gates=unknown), gates={}, configuration__at_most=limits)
    assert [row.label for row in found.moved] == ["configuration.latency_us"]
    assert found.failed


def test_another_signal_fails() -> None:
    row = moved(configuration__signal="c")["configuration.signal"]
    assert (row.say, row.cells) == ("the configuration's signal from b to c", ("b", "c", "", "equal", "FAIL"))
    row = moved(configuration__signal=None)["configuration.signal"]
    assert (row.say, row.outcome) == ("the configuration's signal from b to none", "fail")


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("accuracy", 0.745, "within"),  # 0.005 less
        ("accuracy", 0.7449, "fail"),
        ("accuracy", 0.76, "within"),
        ("accuracy", None, "fail"),
        ("auc__b", 0.898, "within"),  # 0.002 less
        ("auc__b", 0.8979999, "fail"),
        ("auc__c", None, "fail"),
    ],
)
def test_physics_may_lose_its_limit(name: str, value: float | None, outcome: str) -> None:
    row = moved(**{f"physics__firmware__{name}": value})
    (found,) = [one for one in row.values() if one.group == "physics"]
    assert (found.outcome, found.new) == (outcome, value)
    assert name != "accuracy" or value != 0.7449 or found.cells == ("0.75", "0.7449", "-0.0051", "-0.005", "FAIL")


def test_a_stage_that_is_lost_fails_and_one_that_comes_is_told() -> None:
    assert moved(physics__quantised=None)["physics.quantised accuracy"].outcome == "fail"
    new = {"accuracy": 0.5, "auc": {}}
    assert moved(physics__float=new)["physics.float accuracy"].outcome == "told"


@pytest.mark.parametrize("name", list(Costs.model_fields))
def test_a_cost_may_grow_by_its_limit(name: str) -> None:
    old = 10.0 * (list(Costs.model_fields).index(name) + 1)
    limit = 0.05 if name in ("LUT", "FF", "clock_ns") else 0.0
    path = f"cost__{name}__value"
    if limit:
        assert moved(**{path: old * 1.05})[f"cost.{name}"].outcome == "within"
    grown = moved(**{path: old * 1.06})[f"cost.{name}"]
    assert (grown.outcome, grown.limit) == ("fail", limit)
    assert grown.change == pytest.approx(0.06)
    assert moved(**{path: old - 1})[f"cost.{name}"].outcome == "within"
    lost = moved(**{f"cost__{name}": {"value": None, "unit": "", "source": None, "error": None}})[f"cost.{name}"]
    assert lost.outcome == "fail" and "is unknown now" in lost.say


def test_a_limit_in_the_baseline_counts_and_null_allows_all() -> None:
    old = made(limits__growth__LUT=0.5, limits__growth__DSP=None, limits__auc_loss=None)
    rows = {
        row.label: row
        for row in compared(old, cost__LUT__value=75, cost__DSP__value=10**6, physics__firmware__auc__b=0.5).moved
    }
    assert rows["cost.LUT"].outcome == "within"
    assert rows["cost.DSP"].outcome == rows["physics.firmware AUC b"].outcome == "told"
    assert rows["cost.DSP"].cells[3] == "any"


def test_growth_from_nothing() -> None:
    row = {row.label: row for row in compared(made(cost__DSP__value=0), cost__DSP__value=1).moved}["cost.DSP"]
    assert (row.outcome, row.change, row.cells[2]) == ("fail", None, "from 0")


def test_a_value_of_another_stage_fails() -> None:
    row = moved(cost__LUT__source="route", cost__LUT__value=1)["cost.LUT, source"]
    assert (row.outcome, row.old, row.new) == ("fail", "estimate", "route")
    assert "LUT is from route, was from estimate" in row.say


def test_numbers_that_read_alike_are_written_in_full() -> None:
    row = moved(cost__latency_ns__value=20.00000001)["cost.latency_ns"]
    assert row.cells[:2] == ("20 ns", "20.00000001 ns")
    nothing = {"value": None, "unit": "ns", "source": None, "error": None}
    row = {r.label: r for r in compared(made(cost__latency_ns=nothing), cost__latency_ns__value=2.5).moved}[
        "cost.latency_ns"
    ]
    assert row.cells == ("unknown", "2.5 ns", "", "+0 %", "told")


def test_unknown_then_and_now_is_unknown() -> None:
    nothing = {"value": None, "unit": "", "source": None, "error": None}
    found = compared(made(cost__LUT=nothing), cost__LUT=nothing)
    assert "cost.LUT" in [row.label for row in found.unknown]
    assert compared(made(cost__LUT=nothing)).failed is False


@pytest.mark.parametrize(
    ("name", "old", "new", "outcome"),
    [
        ("latency_us", "pass", "pass", "same"),
        ("latency_us", "pass", "fail", "fail"),
        ("latency_us", "pass", "unknown", "fail"),
        ("latency_us", "unknown", "fail", "fail"),
        ("latency_us", "unknown", "pass", "told"),
        ("latency_us", "fail", "fail", "told"),
        ("latency_us", "fail", "pass", "told"),
        ("agreement", "fail", "fail", "fail"),
        ("rtl_agreement", "fail", "fail", "fail"),
    ],
)
def test_gates(name: str, old: str, new: str, outcome: str) -> None:
    found = compared(made(gates={name: old}), gates={name: new})
    (row,) = [row for row in found.rows if row.group == "gates"]
    assert row.outcome == outcome


def test_a_gate_that_is_gone_fails_and_a_new_one_is_told() -> None:
    rows = {row.name: row.outcome for row in compared(made(gates={"a": "pass"}), gates={"b": "pass"}).moved}
    assert (rows["a"], rows["b"]) == ("fail", "told")


def test_classes_in_another_order_fail_though_no_area_moves() -> None:
    row = moved(made_for__classes=["c", "b"])["made_for.classes"]
    assert (row.outcome, row.say) == ("fail", "classes from b, c to c, b")
    row = moved(made_for__classes=None)["made_for.classes"]
    assert (row.outcome, row.say) == ("fail", "classes from b, c to none")


def test_a_baseline_without_samples_passes_for_none() -> None:
    old = made(samples=[])
    found = compare(old, made(), [], FILE, lines_of(old.to_text()))
    (row,) = [row for row in found.rows if row.label == "codes.samples"]
    assert (row.outcome, row in found.unknown) == ("unknown", True)
    assert "codes: samples" in found.remarks[-1]


def test_the_row_of_the_layers_names_the_first_that_moved() -> None:
    row = moved(layers__1__codes=digest("a"))["codes.layers"]
    assert row.cells[:2] == ("3 layers, 20 samples", "others from logits on")


def test_versions_and_the_model_are_told() -> None:
    rows = moved(versions={"numpy": "2.2", "keras": "3.15"}, model__sha256=digest("f"), model__file="new.keras")
    told = {name: row.say for name, row in rows.items() if row.group == "versions"}
    assert told == {
        "versions.numpy": "numpy from 2.1 to 2.2",
        "versions.keras": "keras from none to 3.15",
        "versions.python": "python from 3.11.2 to none",
        "versions.model sha256": "model sha256 from 000000000000 to ffffffffffff",
        "versions.model file": "model file from tagger.keras to new.keras",
    }
    assert not compared(versions={"numpy": "2.2"}).failed
