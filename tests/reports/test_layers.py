"""What each layer costs: modules mapped back to layers, nothing counted twice, nothing lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fpga_tf.reports.design import LayerCost
from fpga_tf.reports.layers import OTHER, LayerNames, layer_costs
from fpga_tf.reports.types import RESOURCES, Interval, Kind, Latency, Resource, Stage, SynthesisReport

LAYERS = (
    LayerNames("attention", "MultiHead", ("config2", "config12")),
    LayerNames("dense", "Dense", ("config1",)),
    LayerNames("pool", None, ("config3",)),
)


def module(
    name: str | None,
    lut: int | None = 0,
    *inner: SynthesisReport,
    cycles: int | None = 1,
    interval: int | None = 1,
    instance: str | None = None,
    kind: Kind = "module",
    **counts: int | None,
) -> SynthesisReport:
    amounts = {name: Resource(0, 100) for name in RESOURCES} | {name: Resource(n, 100) for name, n in counts.items()}
    return SynthesisReport(
        "p/csynth.xml",
        "csynth_xml",
        "csynth",
        top=name,
        kind=kind,
        instance=instance,
        latency_cycles=Latency(cycles, cycles, cycles),
        interval_cycles=Interval(interval, interval),
        resources=amounts | {"LUT": Resource(lut, 1000)},
        modules=inner,
    )


def design(*modules: SynthesisReport, stage: Stage = "csynth", **values: Any) -> SynthesisReport:
    return SynthesisReport("p/csynth.xml", "csynth_xml", stage, top="net", modules=modules, **values)


def luts(costs: tuple[LayerCost, ...]) -> dict[str, int | None]:
    return {cost.name: cost.resources["LUT"].used for cost in costs}


def test_a_layer_is_told_by_a_whole_word_of_a_name() -> None:
    report = design(
        module("dense_ap_fixed_16_6_config1_s", 10),
        module("softmax_config12_s", 20),
        module("config2", 3),
        module("pool_config30_s", 4),
        module("myconfig3_s", 5),
    )
    costs = layer_costs([report], LAYERS)
    assert luts(costs) == {"attention": 23, "dense": 10, OTHER: 9}
    assert [cost.kind for cost in costs] == ["MultiHead", "Dense", None]
    assert costs[0].modules == ("softmax_config12_s", "config2")


def test_layers_are_in_the_order_of_the_firmware_not_of_the_report() -> None:
    report = design(module("other", 1), module("a_config3", 1), module("a_config1", 1), module("a_config2", 1))
    assert list(luts(layer_costs([report], LAYERS))) == ["attention", "dense", "pool", OTHER]


def test_the_longest_name_wins() -> None:
    layers = (LayerNames("query", names=("attention_query",)), LayerNames("attention", names=("attention",)))
    report = design(module("attention_query_s", 1), module("attention_key_s", 2), module("query_s", 4))
    assert luts(layer_costs([report], layers)) == {"query": 1, "attention": 2, OTHER: 4}
    both = design(module("query_attention_query_s", 1), module("attention_of_attention_query", 2))
    assert luts(layer_costs([both], layers)) == {"query": 3}


def test_names_of_two_layers_tell_neither() -> None:
    report = design(module("glue_config1_config2_s", 1), module("a_config1_config1", 2))
    assert luts(layer_costs([report], LAYERS)) == {"dense": 2, OTHER: 1}
    shared = (LayerNames("one", names=("table",)), LayerNames("two", names=("table", "config2")))
    report = design(module("table_s", 1), module("table_config2_s", 2))
    assert luts(layer_costs([report], shared)) == {"two": 2, OTHER: 1}


def test_a_name_may_hold_signs_and_be_no_pattern() -> None:
    layers = (LayerNames("odd", names=("a.b", "")),)
    assert luts(layer_costs([design(module("x_a.b_s", 1), module("x_aXb_s", 2))], layers)) == {"odd": 1, OTHER: 2}


def test_an_instance_tells_where_its_module_does_not() -> None:
    report = design(
        module("proc", 1, instance="grp_softmax_config2_fu_80"),
        module(None, 2, instance="config1_U0"),
        module("softmax_config3_s", 4, instance="grp_softmax_config1_fu_9"),
    )
    costs = layer_costs([report], LAYERS)
    assert luts(costs) == {"attention": 1, "dense": 2, "pool": 4}
    assert costs[0].modules == ("grp_softmax_config2_fu_80",)


def test_what_is_inside_of_a_layers_module_is_not_counted_again() -> None:
    softmax = module("softmax_config2_s", 30, module("exp_config2_s", 20), module("mul", 5), DSP=3)
    costs = layer_costs([design(softmax)], LAYERS)
    assert luts(costs) == {"attention": 30}
    assert costs[0].resources["DSP"] == Resource(3, 100)
    assert costs[0].modules == ("softmax_config2_s",)


def test_layers_within_a_module_of_none_are_taken_out_of_other() -> None:
    dataflow = module("entry_proc", 100, module("a_config1", 40), module("b_config2", 25, module("c_config3", 9)))
    costs = layer_costs([design(dataflow, module("glue", 7))], LAYERS)
    assert luts(costs) == {"attention": 25, "dense": 40, OTHER: 42}, "100 - 40 - 25 + 7"
    assert costs[-1].modules == ("entry_proc", "glue")
    assert (costs[-1].latency_cycles, costs[-1].interval_cycles) == (Latency(), Interval()), "that is of the layers"


def test_modules_that_are_said_to_use_more_than_what_holds_them_leave_nothing_that_is_known() -> None:
    report = design(module("proc", 5, module("a_config1", 6, DSP=1), DSP=2), module("glue", 3))
    dense, other = layer_costs([report], LAYERS)
    assert (dense.resources["LUT"].used, other.resources["LUT"].used) == (6, 2)
    other = layer_costs([design(module("proc", 5, module("a_config1", 6, DSP=1), DSP=2))], LAYERS)[-1]
    assert (other.resources["LUT"].used, other.resources["DSP"].used) == (None, 1)


def test_layers_deep_below_modules_of_none() -> None:
    deep = module("a", 50, module("b", 40, module("c", 30, module("d_config3", 20)), module("e", 5)))
    assert luts(layer_costs([design(deep)], LAYERS)) == {"pool": 20, OTHER: 30}


def test_loops_are_no_modules_but_what_is_inside_of_a_module_is() -> None:
    loop = module("loop_config1", 99, kind="loop")
    assert layer_costs([design(loop)], LAYERS) == ()
    assert luts(layer_costs([design(module("a_config2", 5, loop), loop)], LAYERS)) == {"attention": 5}


def test_without_layers_each_module_below_the_top_is_a_row() -> None:
    report = design(module("mul", 2, instance="mul_U1"), module("add", 3), module("mul", 5, instance="mul_U2"))
    costs = layer_costs([report])
    assert luts(costs) == {"mul": 7, "add": 3}
    assert costs[0].modules == ("mul_U1", "mul_U2")


def test_the_report_of_the_top_holds_its_modules() -> None:
    nested = design(module("net", 60, module("a_config1", 40), module("b", 10)))
    assert luts(layer_costs([nested], LAYERS)) == {"dense": 40, OTHER: 10}
    beside = design(module("net", 60), module("a_config1", 40), module("b", 10))
    assert luts(layer_costs([beside], LAYERS)) == {"dense": 40, OTHER: 10}


def test_the_report_that_tells_of_nesting_counts() -> None:
    flat = design(module("proc", 50), module("a_config1", 40))
    nested = design(module("proc", 50, module("a_config1", 40)))
    assert luts(layer_costs([flat, nested], LAYERS)) == {"dense": 40, OTHER: 10}
    assert luts(layer_costs([nested, flat], LAYERS)) == {"dense": 40, OTHER: 10}
    instances = design(module("a_config1", 41, instance="a_U0"))
    assert luts(layer_costs([flat, instances], LAYERS)) == {"dense": 41}


def test_c_synthesis_tells_of_layers_before_an_implementation_and_a_simulation_never() -> None:
    placed = design(module("a_config1", 12, cycles=None), stage="place")
    simulated = design(module("Verilog", None, cycles=9), module("VHDL", None, cycles=None), stage="cosim")
    assert luts(layer_costs([simulated, placed], LAYERS)) == {"dense": 12}
    assert luts(layer_costs([simulated, placed, design(module("a_config1", 40))], LAYERS)) == {"dense": 40}
    assert layer_costs([simulated], LAYERS) == layer_costs([simulated]) == ()
    assert layer_costs([]) == ()


def test_the_slowest_module_counts_and_an_unknown_one_may_be_that() -> None:
    report = design(
        module("a_config2", 1, cycles=5, interval=2),
        module("b_config12", 1, cycles=3, interval=7),
        module("c_config1", 1, cycles=5, interval=2),
        module("d_config1", 1, cycles=None, interval=None),
    )
    attention, dense = layer_costs([report], LAYERS)
    assert (attention.latency_cycles, attention.interval_cycles) == (Latency(5, 5, 5), Interval(7, 7))
    assert (dense.latency_cycles, dense.interval_cycles) == (Latency(), Interval())


def test_an_unknown_count_makes_the_sum_unknown_not_zero() -> None:
    report = design(module("a_config1", 1), module("b_config1", None), module("c_config3", 2))
    costs = layer_costs([report], LAYERS)
    assert luts(costs) == {"dense": None, "pool": 2}
    assert costs[0].resources["LUT"] == Resource(None, 1000)
    inside = design(module("proc", 9, module("a_config1", None)), module("b", 1))
    assert luts(layer_costs([inside], LAYERS)) == {"dense": None, OTHER: None}


NAMES = ("a_config1", "b_config2", "c_config3", "glue", "config1_config2", "proc")
TREES: st.SearchStrategy[SynthesisReport] = st.recursive(
    st.builds(module, st.sampled_from(NAMES), st.integers(0, 5)),
    lambda inner: st.builds(
        lambda name, own, parts: module(name, own + sum(part.resources["LUT"].used or 0 for part in parts), *parts),
        st.sampled_from(NAMES),
        st.integers(0, 5),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@given(st.lists(TREES, min_size=1, max_size=4))
def test_rows_sum_to_all_modules_below_the_top(trees: list[SynthesisReport]) -> None:
    whole = sum(tree.resources["LUT"].used or 0 for tree in trees)
    for layers in (LAYERS, (), LAYERS[:1]):
        found = luts(layer_costs([design(*trees)], layers))
        assert sum(count or 0 for count in found.values()) == whole
        assert all(count is not None and count >= 0 for count in found.values())
