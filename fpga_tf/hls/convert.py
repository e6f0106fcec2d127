"""Keras model -> hls4ml graph, through hls4ml's Keras 3 converter with our operators in its registry.

Every type of every node is stated by us and asserted afterwards; hls4ml's fallbacks and precision inference are off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hls4ml.converters.keras_v3_to_hls import parse_keras_v3_model, v3_layer_handlers
from hls4ml.model import ModelGraph
from hls4ml.utils.config import create_config

from fpga_tf.cpp_macros import is_macro
from fpga_tf.errors import InternalError, UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.hls import einsum, nodes
from fpga_tf.hls.dataflow.calls import function_name
from fpga_tf.hls.manifest import Port
from fpga_tf.hls.shapes import Shapes
from fpga_tf.lower.context import Conversion, LayerDict, located
from fpga_tf.lower.inputs import InputPort
from fpga_tf.lower.operators.call import Call, Handler
from fpga_tf.lower.walk import begin, handlers_of, lower
from fpga_tf.models.graph import calls
from fpga_tf.process import Network


@dataclass(frozen=True)
class Target:
    """What the project is generated for."""

    name: str
    folder: Path
    backend: str = "Vitis"
    part: str = "xcvu13p-flga2577-2-e"
    clock_ns: float = 5.0
    clock_uncertainty_percent: float = 12.5
    shapes: Shapes = field(default_factory=Shapes)


@dataclass(frozen=True)
class Converted:
    """A converted model.

    Attributes:
        graph: hls4ml's graph, not written yet.
        state: formats, taps and the widest exact result per layer.
        inputs: ports in the order of the model's inputs.
        outputs: formats of the outputs, in the order of the model's outputs.
        network: the processes of the dataflow shape; None: the model is unrolled.
        input_rows, output_rows: of each port how many rows its stream has for a sample; 0: an array.
    """

    graph: Any
    state: Conversion
    inputs: list[InputPort]
    outputs: list[Format]
    network: Network | None = None
    input_rows: tuple[int, ...] = ()
    output_rows: tuple[int, ...] = ()

    def input_ports(self) -> tuple[Port, ...]:
        """The inputs as a manifest tells them."""
        rows = self.input_rows or (0,) * len(self.inputs)
        return tuple(Port(p.name, p.shape, p.format.ap_type, rows=n) for p, n in zip(self.inputs, rows, strict=True))

    def output_ports(self, model: Any, references: Sequence[str]) -> tuple[Port, ...]:
        """The outputs as a manifest tells them.

        Args:
            model: what was converted.
            references: key of each output's value.
        """
        rows = self.output_rows or (0,) * len(self.outputs)
        return tuple(
            Port(t._keras_history.operation.name, tuple(int(s) for s in t.shape[1:]), f.ap_type, reference=key, rows=n)
            for t, f, key, n in zip(model.outputs, self.outputs, references, rows, strict=True)
        )

    def layer_ports(self, keyed: Callable[[str], str]) -> tuple[Port, ...]:
        """The layers' results as a manifest tells them.

        Args:
            keyed: the key of a value, from the one of the conversion.
        """
        nodes = {node.name: node for node in self.graph.get_layers()}
        return tuple(
            Port(
                tap.layer,
                tap.shape,
                tap.format.ap_type,
                tap.node,
                keyed(tap.reference),
                nodes[tap.node].get_output_variable().type.name,
                tap.order,
            )
            for tap in self.state.taps
        )


def convert(model: Any, target: Target, declared_input: Format | None = None) -> Converted:
    """Convert a quantised functional Keras model.

    Args:
        model: layers of QKeras and ours, and the plain ones that need no quantiser.
        declared_input: format of inputs that no quantiser reads first.

    Raises:
        UserError: a layer has no operator, or its options cannot be honoured.
    """
    nodes.register()
    einsum.register()
    if target.shapes.dataflow:
        return _by_rows(model, target, declared_input)
    state, ports = begin(model, declared_input)
    with _registered(_dispatchers(model, state)):
        layers, inputs, outputs, _ = parse_keras_v3_model(model, allow_da_fallback=False, allow_v2_fallback=False)
    graph = ModelGraph.from_layer_list(configuration(model, target, state), layers, inputs, outputs)
    assert_graph(graph, state)
    check_cpp_names(graph, target)
    return Converted(graph, state, ports, [state.format_of(t) for t in model.outputs])


def _by_rows(model: Any, target: Target, declared_input: Format | None) -> Converted:
    """The dataflow shape, in whole or in part."""
    from fpga_tf.hls.dataflow.convert import dataflow_graph

    lowered = lower(model, declared_input)
    tensors = tuple(t.name for t in model.inputs), tuple(t.name for t in model.outputs)
    made = configuration(model, target, lowered.state)
    graph, network, rows = dataflow_graph(lowered, target.shapes, tensors, made)
    check_cpp_names(graph, target)
    return Converted(graph, lowered.state, lowered.inputs, lowered.outputs, network, *rows)


def _dispatchers(model: Any, state: Conversion) -> dict[str, Callable[..., tuple[LayerDict, ...]]]:
    """Handlers in hls4ml's shape, for the classes that the model uses."""
    known = {id(c.outputs[0]): c for c in calls(model)}

    def dispatcher(handler: Handler) -> Callable[..., tuple[LayerDict, ...]]:
        def handle(layer: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> tuple[LayerDict, ...]:
            call = known.get(id(outputs[0]))
            arguments = call.arguments() if call is not None else {}
            with located(f"layer {layer.name}"):
                found = handler(state, Call(layer, tuple(inputs), tuple(outputs), arguments))
                return tuple(map(einsum.own, found))

        return handle

    return {kind: dispatcher(handler) for kind, handler in handlers_of(model).items()}


@contextmanager
def _registered(handlers: dict[str, Any]) -> Iterator[None]:
    """hls4ml's registry with our handlers and no others."""
    registry = v3_layer_handlers
    before = dict(registry)
    registry.clear()
    registry.update(handlers)
    try:
        yield
    finally:
        registry.clear()
        registry.update(before)


def hls_configuration(model: Any, target: Target, settings: dict[str, Any]) -> dict[str, Any]:
    """hls4ml's configuration of a project."""
    config: dict[str, Any] = create_config(
        output_dir=str(target.folder),
        project_name=target.name,
        backend=target.backend,
        part=target.part,
        clock_period=target.clock_ns,
        clock_uncertainty=f"{target.clock_uncertainty_percent:g}%",
        io_type="io_parallel",
        write_weights_txt=False,
        write_tar=False,
    )
    config["TraceOutput"] = True
    config["KerasModel"] = model
    config["InputData"] = config["OutputPredictions"] = None
    config["HLSConfig"] = settings
    return config


def check_cpp_names(graph: Any, target: Target) -> None:
    """The top function and the inputs, the one kind of layer whose name becomes a C++ variable.

    Raises:
        UserError: the generated code has another thing of that name.
    """
    common, local = set[str](), set[str]()  # names outside of all functions, and in the top function
    for node in graph.get_layers():
        variables = [*node.get_weights(), node.get_output_variable()]
        common |= {v.type.name for v in variables} | {f"config{node.index}", function_name(node.index)}
        common |= {v.name for v in node.get_weights()}
        common |= {kind.name for name, kind in node.attributes.items() if name.endswith("_t") and hasattr(kind, "name")}
        local |= {v.name for v in variables if node.class_name != "Input"}
    if target.name in common:
        raise UserError(
            f"a project must not be called as something in the generated C++, {target.name}",
            where="name",
            hint=f"rename it, for example {target.name}_top",
        )
    own = {target.name, *common, *local}
    for variable in graph.get_input_variables():
        if variable.name in own or is_macro(variable.name):
            raise UserError(
                f"an input must not be called as something in the generated C++, {variable.name}",
                where=f"input {variable.name}",
                hint=f"rename it, for example {variable.name}_in",
            )


def configuration(model: Any, target: Target, state: Conversion) -> dict[str, Any]:
    traced = {tap.node for tap in state.taps}
    settings: dict[str, Any] = {
        # one bit: whatever is left to this default is caught by the assertion below
        "Model": {"Precision": "ap_fixed<1,0>", "ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": {name: {"Precision": p, "Trace": name in traced} for name, p in state.precisions.items()},
    }
    settings["Model"]["BitExact"] = False
    return hls_configuration(model, target, settings)


def assert_graph(graph: Any, state: Conversion) -> None:
    """Every node must be the one we asked for, in the types we asked for."""
    found = {node.name: node for node in graph.get_layers()}
    moved = {name for name, kind in state.classes.items() if kind == "Reshape"}
    missing, extra = set(state.classes) - set(found) - moved, set(found) - set(state.classes)
    if missing or extra:
        raise InternalError(f"hls4ml must keep the nodes it is given; missing {sorted(missing)}, new {sorted(extra)}")
    for name, node in found.items():
        expected = _kind(state.classes[name])
        if expected not in {base.__name__ for base in type(node).__mro__}:
            raise InternalError(f"hls4ml must make {name} a {expected}, not a {node.class_name}")
        for key, text in state.precisions[name].items():
            _assert_type(node, key, text)


def _kind(lowered: str) -> str:
    """hls4ml's class of a node that was lowered as one of this class."""
    return {"InputLayer": "Input"}.get(lowered) or str(einsum.own({"class_name": lowered})["class_name"])


def _assert_type(node: Any, key: str, text: str) -> None:
    if key == "result":
        precision = node.get_output_variable().type.precision
    elif key in ("weight", "bias", "scale", "shift", "value"):
        precision = node.get_weights(key).type.precision
    elif f"{key}_t" in node.attributes:
        precision = node.attributes[f"{key}_t"].precision
    else:
        return
    if str(Format.parse(str(precision))) != str(Format.parse(text)):
        raise InternalError(f"hls4ml must give {node.name}'s {key} the type {text}, not {precision}")
