"""Which node becomes which process, and how tensors get from one to the next.

A tensor lives in FIFOs, as rows, or in an array. A node that has a row kernel takes and gives rows; any other, and one
whose layer is asked to be `parallel`, takes and gives arrays. Where the two meet a process collects rows into an array
or deals an array out in rows. What several processes read is copied: a FIFO, and an array of a dataflow region, has one
reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.hls.dataflow import attention, dense, elementwise, masks, norm
from fpga_tf.hls.dataflow.kernel import Kernel, Rows, Step
from fpga_tf.hls.dataflow.node import Node
from fpga_tf.hls.dataflow.unrolled import unrolled
from fpga_tf.hls.shapes import Shapes
from fpga_tf.lower.context import Conversion, LayerDict, unique_name
from fpga_tf.lower.walk import Lowered
from fpga_tf.process import Operation

KERNELS: dict[str, Callable[[Node], Kernel | None]] = {
    "EinsumDense": dense.dense,
    "Einsum": attention.einsum,
    "FpgaTfSoftmax": attention.softmax,
    "FpgaTfQuantise": elementwise.quantise,
    "FpgaTfScaleShift": elementwise.scale_shift,
    "FpgaTfSigmoid": elementwise.sigmoid,
    "Merge": elementwise.add,
    "Concatenate": elementwise.concatenate,
    "FpgaTfLayerNorm": norm.layer_norm,
    "FpgaTfMean": norm.mean,
    "FpgaTfMaskExpand": masks.expand,
    "FpgaTfMaskAnd": masks.both,
    "FpgaTfMasking": masks.masking,
    "FpgaTfMaskApply": masks.apply,
}
# copies that one process makes, at most
FORK = 4
# bits of the widest row that the HLS tools pack into one word
WIDEST_ROW = 4096
# and of the widest word that an array is reshaped to
WIDEST_WORD = 65_536


@dataclass(frozen=True)
class Placed:
    """A node of the design.

    Attributes:
        name: unique.
        layer: the Keras layer that it is of.
        inputs, outputs: tensors; names beyond those of the lowering carry what was done behind a colon.
        kernel: None for a node that works on arrays as it was lowered.
        lowered: that node; None for what the plan adds.
        unrolled: what hardware it is then, all values at once.
    """

    name: str
    layer: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    kernel: Kernel | None = None
    lowered: LayerDict | None = None
    unrolled: tuple[Operation, ...] = ()


@dataclass
class Plan:
    """A design.

    Attributes:
        nodes: each after those whose outputs it takes.
        rows: how tensors travel that are no arrays, by name.
        formats, shapes: of all tensors.
        inputs, outputs: tensors of the ports.
        unrolled: layers whose nodes take arrays.
    """

    nodes: list[Placed] = field(default_factory=list)
    rows: dict[str, Rows] = field(default_factory=dict)
    formats: dict[str, Format] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    unrolled: list[str] = field(default_factory=list)


def plan(lowered: Lowered, shapes: Shapes, inputs: Sequence[str], outputs: Sequence[str]) -> Plan:
    """Map a lowered model to processes.

    Args:
        shapes: what each layer is asked to be.
        inputs, outputs: tensors of the model.

    Raises:
        UserError: a row is wider than the tools take.
    """
    made = _Maker(lowered, shapes, tuple(inputs), tuple(outputs)).made()
    _check_widths(made)
    return made


class _Maker:
    def __init__(self, lowered: Lowered, shapes: Shapes, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        self.state: Conversion = lowered.state
        self.lowered, self.shapes = lowered, shapes
        self.plan = Plan(formats=dict(self.state.formats), shapes=dict(self.state.shapes), inputs=inputs)
        self.alias: dict[str, str] = {}
        self.taken = {name.lower() for name in self.state.classes}
        self.outputs, self.streamed = outputs, shapes.io_type == "io_stream"
        if self.streamed:
            self.plan.rows.update({name: Rows.of(self.plan.shapes[name]) for name in inputs})

    def made(self) -> Plan:
        for node in self.lowered.nodes:
            self._place(node)
        self._ports()
        self._leave_out()
        self._copy()
        return self.plan

    def _place(self, lowered: LayerDict) -> None:
        name, kind = str(lowered["name"]), str(lowered["class_name"])
        layer = self.state.owners[name]
        asked = self.shapes.of(layer)
        sources = list(lowered["input_keras_tensor_names"])
        output = str(lowered["output_keras_tensor_names"][0])
        if kind == "InputLayer":
            self.plan.nodes.append(Placed(name, layer, (), (output,), None, lowered))
            return
        if kind == "Reshape" and self._moves_nothing(sources[0], output):
            return
        kernel = None
        if asked.shape != "parallel" and kind in KERNELS:
            kernel = self._kernel(lowered, sources, asked.reuse_factor, asked.heads == "in_turn")
        if kernel is not None:
            given = tuple(self._as_rows(t, name, layer) for t in kernel.inputs)
            self.plan.rows[output] = kernel.rows
            self.plan.nodes.append(Placed(name, layer, given, (output,), kernel, lowered))
            return
        travels = {t: Rows.of(self.plan.shapes[t]) for t in sources}
        path = unrolled(Node(lowered, self.state, travels), KERNELS.get(kind))
        given = tuple(self._as_array(t, name, layer) for t in sources)
        self.plan.nodes.append(Placed(name, layer, given, (output,), None, lowered, path))
        if layer not in self.plan.unrolled:
            self.plan.unrolled.append(layer)

    def _kernel(self, lowered: LayerDict, sources: Sequence[str], reuse: int, in_turn: bool) -> Kernel | None:
        travels = {t: self.plan.rows.get(t) or Rows.of(self.plan.shapes[t]) for t in sources}
        node = Node(lowered, self.state, travels, reuse, in_turn)
        return KERNELS[node.kind](node)

    def _moves_nothing(self, source: str, output: str) -> bool:
        rows = self.plan.rows.get(source)
        if rows is None or not rows.plain:
            return False
        # another name for the same rows, of another shape
        self.plan.rows[output] = rows.reshaped(self.plan.shapes[output])
        self.alias[output] = self.alias.get(source, source)
        return True

    def _as_rows(self, tensor: str, user: str, layer: str) -> str:
        if tensor in self.plan.rows:
            return self.alias.get(tensor, tensor)
        name = f"{tensor}:rows"
        if name not in self.plan.rows:
            rows = Rows.of(self.plan.shapes[tensor])
            self._add(f"{user}_deal", layer, tensor, name, _dealing(rows, self.plan.formats[tensor]), rows)
        return name

    def _as_array(self, tensor: str, user: str, layer: str) -> str:
        if tensor not in self.plan.rows:
            return tensor
        name = f"{tensor}:array"
        if name not in self.plan.formats:
            kernel = _collecting(self.plan.rows[tensor], self.plan.formats[tensor])
            self._add(f"{user}_collect", layer, tensor, name, kernel, None)
        return name

    def _add(self, name: str, layer: str, source: str, output: str, kernel: Kernel, rows: Rows | None) -> None:
        self.plan.formats[output], self.plan.shapes[output] = self.plan.formats[source], self.plan.shapes[source]
        if rows is not None:
            self.plan.rows[output] = rows
        given = (self.alias.get(source, source),)
        self.plan.nodes.append(Placed(unique_name(name, self.taken), layer, given, (output,), kernel))

    def _ports(self) -> None:
        """The model's outputs in the form that the ports have."""
        found = []
        for tensor in self.outputs:
            source = self.alias.get(tensor, tensor)
            layer = next(n.layer for n in self.plan.nodes if source in n.outputs)
            user = f"{layer.replace('/', '_')}_out"
            if not self.streamed:
                found.append(self._as_array(tensor, user, layer))
            elif tensor in self.plan.rows and self.plan.rows[tensor].plain:
                found.append(source)
            else:
                found.append(self._as_rows(self._as_array(tensor, user, layer), user, layer))
        self.plan.outputs = tuple(found)

    def _leave_out(self) -> None:
        """Leave out what nobody reads, which would fill its FIFO: an attention of which the weights alone are used."""
        read, kept = set(self.plan.outputs), list[Placed]()
        for node in reversed(self.plan.nodes):
            if not node.inputs or read & set(node.outputs):
                kept.insert(0, node)
                read.update(node.inputs)
        self.plan.nodes, layers = kept, {node.layer for node in kept if node.kernel is None}
        self.plan.unrolled = [layer for layer in self.plan.unrolled if layer in layers]

    def _copy(self) -> None:
        """Give each reader a tensor of its own."""
        readers = Counter(t for node in self.plan.nodes for t in node.inputs)
        readers.update(self.plan.outputs)
        shared = {t for t, n in readers.items() if n > 1}
        nodes: list[Placed] = []
        left: dict[str, list[str]] = {}
        for node in self.plan.nodes:
            inputs = tuple(left[t].pop(0) if t in left else t for t in node.inputs)
            nodes.append(replace(node, inputs=inputs))
            for tensor in shared & set(node.outputs):
                left[tensor] = self._copies(tensor, readers[tensor], node, nodes)
        self.plan.outputs = tuple(left[t].pop(0) if t in left else t for t in self.plan.outputs)
        self.plan.nodes = nodes

    def _copies(self, tensor: str, count: int, node: Placed, nodes: list[Placed]) -> list[str]:
        """Names of copies; adds the processes that make them."""
        out: list[str] = []
        source, made = tensor, 0
        while True:
            left = count - len(out)
            names = [f"{tensor}:{made + i}" for i in range(min(left, FORK))]
            made += len(names)
            for name in names:
                self.plan.formats[name] = self.plan.formats[tensor]
                self.plan.shapes[name] = self.plan.shapes[tensor]
                if tensor in self.plan.rows:
                    self.plan.rows[name] = self.plan.rows[tensor]
            kernel = _copying(self.plan, source, len(names))
            nodes.append(
                Placed(unique_name(f"{node.name}_copy", self.taken), node.layer, (source,), tuple(names), kernel)
            )
            if left <= FORK:
                return out + names
            out += names[:-1]
            source = names[-1]


def _dealing(rows: Rows, fmt: Format) -> Kernel:
    fields = {"n_rows": rows.count, "n_channels": rows.channels}
    return Kernel("to_rows", "rows", (), rows, fields, {"in_t": fmt.ap_type}, steps=(Step(rows.count, (), True, 1),))


def _collecting(rows: Rows, fmt: Format) -> Kernel:
    """Into an array in the order of the tensor's axes."""
    steps = (Step(rows.count, (0,), False, 1),)
    if rows.plain:
        fields = {"n_rows": rows.count, "n_channels": rows.channels}
        return Kernel("from_rows", "rows", (), rows, fields, {"out_t": fmt.ap_type}, steps=steps)
    heads, queries, keys = rows.shape
    fields = {"n_queries": queries, "n_heads": heads, "n_keys": keys}
    return Kernel("from_rows_by_query", "arrays", (), rows, fields, {"out_t": fmt.ap_type}, steps=steps)


def _copying(plan: Plan, source: str, count: int) -> Kernel:
    rows, fmt = plan.rows.get(source), plan.formats[source]
    if rows is None:
        whole = Rows.of(plan.shapes[source])
        size = whole.count * whole.channels
        return Kernel("copy_array", "arrays", (), whole, {"n_values": size}, {"in_t": fmt.ap_type})
    fields = {"n_rows": rows.count, "n_channels": rows.channels}
    return Kernel(
        "fork_rows", "rows", (), rows, fields, {"in_t": fmt.ap_type}, steps=(Step(rows.count, (0,), True, 1),)
    )


def _check_widths(plan: Plan) -> None:
    for node in plan.nodes:
        for tensor in node.outputs:
            rows = plan.rows.get(tensor)
            _check_bits(node, "a row", 0 if rows is None else rows.channels * plan.formats[tensor].width, WIDEST_ROW)
        if node.kernel is not None:
            widths = [c.width for c in node.kernel.constants if c.name == "weight"]
            for width in widths:
                _check_bits(node, "the weights of a step", node.kernel.weight_words * width, WIDEST_WORD)


def _check_bits(node: Placed, what: str, bits: int, most: int) -> None:
    if bits > most:
        raise UserError(
            f"{what} of the dataflow shape must have at most {most} bits together, not {bits}",
            where=f"layer {node.layer}",
            hint="make the layer narrower, raise its reuse factor, or give its tensors fewer bits",
        )
