"""The dataflow shape of small models: the same codes as unrolled, FIFOs as they are written, one reader each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from fpga_tf.hls.shapes import LayerShape, Shapes
from fpga_tf.store import Store

if TYPE_CHECKING:
    from fpga_tf.hls.simulate import Simulated
    from tests.hls.conftest import Tiny

pytestmark = pytest.mark.qkeras
# stages unrolled inside, between arrays, and a bank of its own for one stage
MIXED = {"attention/query": LayerShape(), "attention/output": LayerShape("dataflow", 5), "logits": LayerShape()}
WHOLE = {"attention": LayerShape()}
SETTINGS = [
    ("io_parallel", 2, MIXED),
    ("io_stream", 1000, {}),
    *(
        pytest.param(ports, reuse, layers, marks=pytest.mark.slow)
        for ports in ("io_parallel", "io_stream")
        for reuse in (1, 2, 3, 7, 1000)
        for layers in ({}, MIXED, WHOLE)
        if (ports, reuse, layers) not in [("io_parallel", 2, MIXED), ("io_stream", 1000, {})]
    ),
]


def shapes(ports: Any, reuse: int = 2, layers: dict[str, LayerShape] | None = None, heads: Any = "parallel") -> Shapes:
    return Shapes(LayerShape("dataflow", reuse, heads), layers or {}, ports)


@pytest.mark.parametrize(("ports", "reuse", "layers"), SETTINGS)
def test_the_same_codes_as_unrolled(
    ports: str,
    reuse: int,
    layers: dict[str, LayerShape],
    tiny: Tiny,
    firmware: Callable[[Path], Simulated],
    store: Store,
    tmp_path: Path,
) -> None:
    from fpga_tf.hls.simulate import simulate
    from tests.conformance.proof import draft

    unrolled = firmware(tiny.folder)
    project = draft(tiny.model, tmp_path / "project", store, name="tagger", shapes=shapes(ports, reuse, layers))()
    rows = simulate(project.program, project.manifest, tiny.codes, traced=True)
    assert np.array_equal(rows.outputs[0], unrolled.outputs[0])
    expected = {port.node: codes for port, codes in zip(tiny.manifest.layers, unrolled.layers, strict=True)}
    found = {port.node: codes for port, codes in zip(project.manifest.layers, rows.layers, strict=True)}
    assert set(found) == set(expected) and len(found) > 8
    assert [name for name in found if not np.array_equal(found[name], expected[name])] == []
    at_once = simulate(project.program, project.manifest, tiny.codes, concurrent=True)
    assert np.array_equal(at_once.outputs[0], unrolled.outputs[0])


def tokens(names: tuple[str, str, str] = ("x", "x_q", "attention"), queries: int = 8, dim: int = 2) -> Any:
    """Two heads that attend to as many tokens."""
    from qkeras import QActivation

    from fpga_tf.layers import QMultiHeadAttention

    weight, signed = "quantized_bits(5,1,alpha=1)", "quantized_bits(7,2,alpha=1)"
    stages: dict[str, Any] = {
        f"{s}_quantizer": signed for s in ("query", "key", "value", "scores", "context", "output")
    }
    stages["attention_quantizer"] = "quantized_bits(6,0,keep_negative=0,alpha=1)"
    given: dict[str, Any] = {"kernel_quantizer": weight, "bias_quantizer": weight, **stages}
    inputs = keras.Input((queries, 2), name=names[0])
    x = QActivation(signed, name=names[1])(inputs)
    model = keras.Model(inputs, QMultiHeadAttention(2, dim, **given, name=names[2])(x, x))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.8, w.shape) for w in model.weights])
    return model


def test_a_query_fifo_that_is_too_shallow_ends_the_run_with_its_name(tmp_path: Path, store: Store) -> None:
    from fpga_tf.hls.build import build
    from fpga_tf.hls.simulate import DeadlockError, simulate
    from tests.conformance.proof import draft, manifest_of

    draft(tokens(), tmp_path / "project", store, shapes=shapes("io_parallel", 1))
    source = tmp_path / "project" / "firmware" / "top.cpp"
    text = source.read_text("utf-8")
    called = re.search(r"scores_rows<config\d+>\((\w+), (\w+), \w+\)", text)
    assert called is not None
    queries, keys = called.groups()
    assert depths(text)[queries] == 8
    for old, new in ((rf"(, 4>, )8(> {queries}\()", r"\g<1>1\2"), (rf"(variable={queries} depth=)8", r"\g<1>1")):
        text, count = re.subn(old, new, text)
        assert count == 1
    source.write_text(text)
    from fpga_tf.hls.convert import Target, convert

    target = Target("top", tmp_path / "project", shapes=shapes("io_parallel", 1))
    model = tokens()
    converted = convert(model, target)
    manifest = manifest_of(model, converted, target)
    program, _, _ = build(tmp_path / "project", manifest, store, tmp_path / "log")
    codes = [np.arange(48, dtype=np.int64).reshape(3, 8, 2)]
    in_sequence = simulate(program, manifest, codes)  # needs no depth
    assert in_sequence.outputs[0].any()
    with pytest.raises(DeadlockError, match=f"{queries} is full") as caught:
        simulate(program, manifest, codes, concurrent=True)
    assert f"{keys} is empty" in str(caught.value)


@pytest.mark.parametrize(("queries", "dim", "reuse", "most"), [(8, 2, 1, 4096), (64, 40, 1, 5120), (64, 40, 11, 5280)])
def test_the_script_allows_the_keys_in_registers(queries: int, dim: int, reuse: int, most: int, tmp_path: Path) -> None:
    """With reuse 11 a row of 64 weights takes 11 steps of 6: it is held with two zeros."""
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.hls.project import write_project
    from tests.conformance.proof import manifest_of

    model = tokens(queries=queries, dim=dim)
    target = Target("top", tmp_path / "project", shapes=shapes("io_parallel", reuse))
    converted = convert(model, target)
    write_project(converted, target, manifest_of(model, converted, target))
    assert f"set maximum_size {most}\n" in (target.folder / "project.tcl").read_text("utf-8")


def test_a_design_whose_depths_are_not_proved_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.errors import InternalError
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.hls.dataflow import network

    monkeypatch.setattr(network, "depths", lambda plan: dict.fromkeys(plan.rows, 2))
    with pytest.raises(InternalError, match="every FIFO must be deep enough that no schedule can deadlock"):
        convert(tokens(), Target("top", tmp_path / "project", shapes=shapes("io_stream")))


@pytest.mark.parametrize("backend", ["Vitis", "Vivado"])
def test_loops_drain_at_the_end_of_a_sample(backend: str, tmp_path: Path) -> None:
    """Vitis HLS rewinds loops by itself; the depths are for loops that drain."""
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.hls.project import write_project
    from tests.conformance.proof import manifest_of

    told = []
    for shape in (shapes("io_stream"), Shapes()):
        target = Target("top", tmp_path / shape.io_type, backend, shapes=shape)
        converted = convert(tokens(), target)
        write_project(converted, target, manifest_of(tokens(), converted, target))
        script, unified = ((target.folder / name).read_text("utf-8") for name in ("build_prj.tcl", "hls_config.cfg"))
        solution = script[script.index('open_solution "solution1"') : script.index("csynth_design")]
        line = "\ncatch {config_compile -enable_auto_rewind=false}\n"
        told.append((line in solution, "\nsyn.compile.enable_auto_rewind=0\n" in unified))
    assert told == [(True, True), (False, False)]


def test_what_is_only_reshaped_is_no_array_of_its_own(tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.hls.partition import allow_arrays

    inner = tokens()
    model = keras.Model(inner.input, keras.layers.Flatten(name="flat")(inner.output))
    converted = convert(model, Target("top", tmp_path / "project"))
    allow_arrays(converted.graph)
    assert converted.graph.config.config["MaximumSize"] == 4096


def text_of(kind: str, ports: str) -> str:
    """The top function."""
    return written(kind, ports)[0]


@cache
def written(kind: str, ports: str) -> tuple[str, str, str]:
    """The top function, the types and the configurations of a project that is written, not compiled."""
    import tempfile

    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.hls.project import write_project
    from tests.conformance.dataflow_cases import build_model
    from tests.conformance.proof import manifest_of
    from tests.hls.tiny import tiny_model

    model = tiny_model() if kind == "mixed" else build_model(kind)
    with tempfile.TemporaryDirectory() as name:
        target = Target("top", Path(name) / "project", shapes=shapes(ports, 3, MIXED if kind == "mixed" else {}))
        converted = convert(model, target)
        write_project(converted, target, manifest_of(model, converted, target))
        firmware = target.folder / "firmware"
        top, types, configurations = (firmware / name for name in ("top.cpp", "defines.h", "parameters.h"))
        return top.read_text("utf-8"), types.read_text("utf-8"), configurations.read_text("utf-8")


def depths(text: str) -> dict[str, int]:
    """Each FIFO's depth; its type, its name for messages and its pragma agree."""
    fifos = re.findall(r'fpga_tf::fifo<fpga_tf::row<\w+, \d+>, (\d+)> (\w+)\("(\w+)"\);', text)
    assert all(name == said for _, name, said in fifos)
    pragmas = dict(re.findall(r"#pragma HLS STREAM variable=(\w+) depth=(\d+)\n", text))
    assert pragmas == {name: depth for depth, name, _ in fifos}
    return {name: int(depth) for depth, name, _ in fifos}


def arrays_of(text: str) -> set[str]:
    """The arrays between processes, by all their names."""
    body = text[text.index(") {") :]
    return set(re.findall(r"^    layer\d+_t (layer\d+_out\d*)\[", body, re.MULTILINE)) | set(others_of(text))


def others_of(text: str) -> dict[str, str]:
    """Other names of arrays: name -> array."""
    return dict(re.findall(r"^    auto& (\w+) = (\w+);$", text, re.MULTILINE))


def calls(text: str) -> list[tuple[str, str, str, list[str]]]:
    """(line, function, index of its configuration, variables) of each call."""
    found = []
    for line in text.splitlines():
        call = re.search(r"(fpga_tf::\w+|unrolled_)(?:<.*?)?config(\d+)>?\(([^()]*)\)", line)
        if call is not None and "save_layer_output" not in line:
            found.append((line.strip(), call[1], call[2], call[3].split(", ")))
    return found


KINDS = pytest.mark.parametrize("kind", ["mixed", "rows", "attention"])
PORTS = pytest.mark.parametrize("ports", ["io_parallel", "io_stream"])


@PORTS
@KINDS
def test_each_fifo_and_each_array_has_one_writer_and_one_reader(kind: str, ports: str) -> None:
    text = text_of(kind, ports)
    fifos = set(depths(text))
    others = others_of(text)
    arrays = arrays_of(text) - set(others)
    head = text[text.index("void top(") : text.index(") {")]
    entered = set(re.findall(r"(?:input\w*_t>? &?|\s)(\w+)(?:\[|,|\n)", head))
    results = {name for name in entered if re.fullmatch(r"layer\d+_out\d*", name)}
    written: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for line, _, index, variables in calls(text):
        for name in (others.get(one, one) for one in variables):
            own = re.fullmatch(rf"layer{index}_out\d*", name) is not None
            if name in fifos | arrays | results:
                assert own or written[name] == 1, f"{name} is read before it is written: {line}"
                (written if own else read)[name] += 1
            elif name in entered:
                read[name] += 1
    assert written == dict.fromkeys(fifos | arrays | results, 1)
    assert read == dict.fromkeys((fifos | arrays | entered) - results, 1)
    assert len(fifos) > 10 and ((kind == "attention" and ports == "io_stream") or arrays or results)


@PORTS
@KINDS
def test_every_call_is_a_process_that_knows_its_arrays(kind: str, ports: str) -> None:
    text = text_of(kind, ports)
    fifos = set(depths(text))
    arrays = arrays_of(text)
    found = calls(text)
    assert len(found) > 15
    for line, function, index, variables in found:
        of = [name for name in variables if name in arrays]
        made = [name for name in of if re.fullmatch(rf"layer{index}_out\d*", name)]
        taken = [name for name in of if name not in made]
        wrapped = f"FPGA_TF_ARRAY_PROCESS(({', '.join(taken)}), ({', '.join(made)}), " if of else "FPGA_TF_PROCESS("
        assert line.startswith(f"{wrapped}{function}")
        assert function != "unrolled_" or not fifos & set(variables)
    assert text.count("FPGA_TF_JOIN") == 1
    assert len(found) == len(re.findall(r"FPGA_TF_(?:ARRAY_)?PROCESS\(", text))


@PORTS
@KINDS
def test_no_process_is_inlined_into_the_region(kind: str, ports: str) -> None:
    """UG1399, Canonical Forms: functions of a dataflow region are not inlined."""
    from tests.hls.cpp import INCLUDE

    text, _, configurations = written(kind, ports)
    headers = "".join(path.read_text("utf-8") for path in (INCLUDE / "fpga_tf").glob("*.h"))
    found = calls(text)
    own = [(function, index) for _, function, index, _ in found if function == "unrolled_"]
    for _, function, index, variables in found:
        if function == "unrolled_":
            pattern = rf"inline void unrolled_config{index}\((.*?)\) {{\n(.*?)\n}}"
            [(parameters, body)] = re.findall(pattern, configurations, re.DOTALL)
            assert re.findall(r" (\w+)\[[\d*]+\]", parameters) == variables
            assert "#pragma HLS INLINE off\n    #pragma HLS PIPELINE II = 1\n" in body
            assert re.search(rf"\(({', '.join(variables)})[,)]", body)
        else:
            bodies = re.findall(rf"void {function.removeprefix('fpga_tf::')}\(.*?\n}}\n", headers, re.DOTALL)
            assert bodies and all("#pragma HLS INLINE off\n" in body for body in bodies), function
    assert bool(own) == (kind != "attention")


@KINDS
def test_rows_of_ports_and_rows_of_fifos_have_types_of_their_own(kind: str) -> None:
    text, types, _ = written(kind, "io_stream")
    kinds = re.findall(r"^typedef (ap_u?fixed|nnet::array)<.*> (\w+);", types, re.MULTILINE)
    assert max(Counter(name for _, name in kinds).values()) == 1
    known = {name: what for what, name in kinds}
    inner = re.findall(r"fpga_tf::row<(\w+), ", text)
    assert inner and all(known[name].startswith("ap_") for name in inner)
    outer = re.findall(r"hls::stream<(\w+)>", text)
    assert len(outer) > 1 and {known[name] for name in outer} == {"nnet::array"}


@PORTS
def test_pragmas_of_the_region(ports: str) -> None:
    text = text_of("mixed", ports)
    assert text.count("#pragma HLS DATAFLOW") == 1 and "HLS PIPELINE" not in text
    if ports == "io_stream":
        assert re.search(r"#pragma HLS INTERFACE axis port=tracks,layer\d+_out ", text)
        assert re.search(r"hls::stream<input_t> &tracks,\s+hls::stream<result_t> &layer\d+_out\n", text)
    else:
        assert re.search(r"#pragma HLS INTERFACE ap_vld port=tracks,layer\d+_out ", text)
        assert re.search(r"input_t tracks\[3\*4\],\s+result_t layer\d+_out\[3\]\n", text)


def test_what_is_read_late_has_a_fifo_for_all_rows() -> None:
    text = text_of("mixed", "io_stream")
    held = depths(text)
    for function, late in {"scores_rows": 0, "context_rows": 0}.items():
        [variables] = [v for _, name, _, v in calls(text) if name == f"fpga_tf::{function}"]
        assert held[variables[late]] >= 3
    [variables] = [v for _, name, _, v in calls(text) if name == "fpga_tf::mean_rows"]
    assert held[variables[0]] == 2


@pytest.mark.parametrize("names", [("config2", "layer2", "weight4"), ("concurrent", "DATAFLOW", "processes")])
def test_layers_may_be_called_as_things_of_the_generated_text(names: tuple[str, str, str], tmp_path: Path) -> None:
    from fpga_tf.errors import UserError
    from fpga_tf.hls.convert import Target, convert

    target = Target("top", tmp_path / "project", shapes=shapes("io_stream"))
    if names[0] == "config2":
        with pytest.raises(UserError, match="an input must not be called as something in the generated C") as caught:
            convert(tokens(names), target)
        assert caught.value.where == "input config2"
    else:
        converted = convert(tokens(names), target)
        nodes = {node.name for node in converted.graph.get_layers()}
        assert {"concurrent", "DATAFLOW", "processes_query", "DATAFLOW_copy"} <= nodes
