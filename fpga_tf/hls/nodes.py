"""hls4ml layers, configurations and function calls of our own operators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hls4ml.backends import get_backend
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.types import IntegerPrecisionType

from fpga_tf.lower.operators.layer_norm import DIVISION

INCLUDE = Path(__file__).parent / "include"
BACKENDS = ("Vivado", "Vitis")


class _Node(Layer):  # type: ignore[misc]
    """Base: output shape from the description, weights as exact integers or decimals."""

    def initialize(self) -> None:
        self.add_output_variable(list(self.get_attr("out_shape")))

    def add_constants(self, name: str, values: Any, precision: Any = None) -> None:
        """A constant array; its type is the configured one unless given."""
        if precision is None:
            precision, _ = self.model.config.get_precision(self, var=name)
        data = np.asarray(values)
        self.add_weights_variable(
            name, var_name=f"{name}{{index}}", type_name=f"{name}{{index}}_t", precision=precision, data=data
        )


class FpgaTfQuantise(_Node):
    """Elementwise conversion of format."""


class FpgaTfQuantiseEach(_Node):
    """Conversion of each element into a format of its own."""


class FpgaTfHgqSoftmax(_Node):
    """HGQ2's softmax."""

    def initialize(self) -> None:
        super().initialize()
        for name in ("exp_table", "inverse_table"):
            values = self.get_attr(f"{name}_data")
            self.add_constants(name, values, IntegerPrecisionType(max(int(max(values)).bit_length(), 1), signed=False))


class FpgaTfScaleShift(_Node):
    """Per-channel scale and shift."""

    def initialize(self) -> None:
        super().initialize()
        self.add_constants("scale", self.get_attr("scale_data"))
        self.add_constants("shift", self.get_attr("shift_data"))


class FpgaTfMean(_Node):
    """Mean over rows, rounded once."""


class FpgaTfSoftmax(_Node):
    """Softmax, with or without a mask as second input."""

    def initialize(self) -> None:
        super().initialize()
        for name in ("exp_table", "reciprocal_table"):
            values = self.get_attr(f"{name}_data")
            self.add_constants(name, values, IntegerPrecisionType(max(int(max(values)).bit_length(), 1), signed=False))
        if self.get_attr("keep_data") is not None:
            self.add_constants("keep", self.get_attr("keep_data"), IntegerPrecisionType(1, signed=False))


class FpgaTfSigmoid(_Node):
    """Sigmoid, elementwise."""

    def initialize(self) -> None:
        super().initialize()
        values = self.get_attr("sigmoid_table_data")
        bits = max(int(max(values)).bit_length(), 1)
        self.add_constants("sigmoid_table", values, IntegerPrecisionType(bits, signed=False))


class FpgaTfLayerNorm(_Node):
    """Layer normalisation of rows."""

    def initialize(self) -> None:
        super().initialize()
        self.add_constants("gamma", self.get_attr("gamma_data"))
        self.add_constants("beta", self.get_attr("beta_data"))
        values = self.get_attr("root_table_data")
        self.add_constants("root_table", values, IntegerPrecisionType(int(max(values)).bit_length(), signed=False))


class FpgaTfMaskExpand(_Node):
    """A mask over keys or queries, brought to (queries, keys) and joined with a constant one."""

    def initialize(self) -> None:
        super().initialize()
        self.add_constants("keep", self.get_attr("keep_data"), IntegerPrecisionType(1, signed=False))


class FpgaTfMaskAnd(_Node):
    """Two masks joined."""


class FpgaTfMasking(_Node):
    """The mask of keras.layers.Masking."""

    def initialize(self) -> None:
        super().initialize()
        self.add_constants("value", self.get_attr("value_data"))


class FpgaTfMaskApply(_Node):
    """Rows that do not count set to zero."""


# class -> (header, function, inputs, constants, configuration fields)
_CALLS: dict[type[_Node], tuple[str, str, int, tuple[str, ...], tuple[str, ...]]] = {
    FpgaTfQuantise: ("quantise", "quantise", 1, (), ("n_in",)),
    FpgaTfQuantiseEach: ("quantise_each", "quantise_each", 1, (), ("n_in",)),
    FpgaTfHgqSoftmax: (
        "hgq_softmax",
        "hgq_softmax",
        1,
        ("exp_table", "inverse_table"),
        (
            "n_outer",
            "n_slice",
            "n_inner",
            "stable",
            "exp_address_bits",
            "n_exp",
            "inverse_address_bits",
            "n_inverse",
            "total_bits",
            "product_bits",
        ),
    ),
    FpgaTfScaleShift: ("scale_shift", "scale_shift", 1, ("scale", "shift"), ("n_rows", "n_channels")),
    FpgaTfMean: (
        "mean",
        "mean",
        1,
        (),
        (
            "n_rows",
            "n_channels",
            "sum_bits",
            "num_bits",
            "wide_bits",
            "up",
            "den",
            "offset",
            "magic",
            "shift",
            "nearest",
            "ties_to_even",
        ),
    ),
    FpgaTfSoftmax: (
        "softmax",
        "softmax",
        1,
        ("exp_table", "reciprocal_table"),
        (
            "n_outer",
            "n_slice",
            "n_inner",
            "mask_period",
            "stable",
            "in_bits",
            "lowest",
            "n_exp",
            "exp_shift",
            "lead",
            "address_bits",
            "n_reciprocal",
            "reciprocal_bits",
            "product_bits",
            "product_fraction",
        ),
    ),
    FpgaTfSigmoid: ("sigmoid", "sigmoid", 1, ("sigmoid_table",), ("n_in", "in_bits", "out_bits", "n_entries")),
    FpgaTfLayerNorm: (
        "layer_norm",
        "layer_norm",
        1,
        ("gamma", "beta", "root_table"),
        (
            "n_outer",
            "n_slice",
            *(f"{stage}_{name}" for stage in ("mean", "variance") for name in DIVISION),
            "variance_bits",
            "guard",
            "epsilon_code",
            "half",
            "address_bits",
            "n_roots",
            "root_bits",
        ),
    ),
    FpgaTfMaskExpand: (
        "mask",
        "mask_expand",
        1,
        ("keep",),
        ("n_in", "n_rows", "n_columns", "row_stride", "column_stride"),
    ),
    FpgaTfMaskAnd: ("mask", "mask_and", 2, (), ("n_in",)),
    FpgaTfMasking: ("mask", "masking", 1, ("value",), ("n_rows", "n_channels")),
    FpgaTfMaskApply: ("mask", "mask_apply", 2, (), ("n_rows", "n_channels")),
}


def field_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"    static const bool {name} = {'true' if value else 'false'};"
    last = name.rpartition("_")[2]
    signed = last in ("lowest", "den", "offset") or name == "epsilon_code"
    kind, suffix = ("long long", "LL") if signed else ("unsigned", "")
    if last == "magic":
        kind, suffix = "unsigned long long", "ULL"
    return f"    static const {kind} {name} = {int(value)}{suffix};"


def _make_config(node_class: type[_Node]) -> type[LayerConfigTemplate]:
    function, constants, fields = _CALLS[node_class][1], _CALLS[node_class][3], _CALLS[node_class][4]

    class Config(LayerConfigTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(node_class)

        def format(self, node: _Node) -> str:
            lines = [f"struct config{node.index} : fpga_tf::{function}_config {{"]
            lines += [field_text(f, node.get_attr(f)) for f in fields]
            lines += [f"    typedef {node.get_weights(c).type.name} {c}_t;" for c in constants]
            lines += [f"    typedef {text} {name};" for name, text in node.get_attr("typedefs", {}).items()]
            lines += _conversion(node.get_attr("body", []))
            return "\n".join([*lines, "};\n"])

    Config.__name__ = Config.__qualname__ = f"{node_class.__name__}ConfigTemplate"
    return Config


def _conversion(body: list[str]) -> list[str]:
    """The member function that holds the generated statements of a node, if it has any."""
    if not body:
        return []
    head = [
        "template <class in_T, class out_T> static void convert(const in_T *x, out_T *y) {",
        "    #pragma HLS INLINE",
    ]
    return [f"    {line}" for line in [*head, *(f"    {line}" for line in body), "}"]]


def _make_call(node_class: type[_Node]) -> type[FunctionCallTemplate]:
    header, function, _, constants, _ = _CALLS[node_class]

    class Call(FunctionCallTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(node_class, include_header=[f"fpga_tf/{header}.h"])

        def format(self, node: _Node) -> str:
            variables = [node.get_input_variable(name) for name in node.inputs]
            out = node.get_output_variable()
            if function == "softmax" and node.get_attr("keep_data") is not None:
                variables.append(node.get_weights("keep"))
            name = "softmax_masked" if function == "softmax" and len(variables) == 2 else function
            types = [*(v.type.name for v in variables), out.type.name, f"config{node.index}"]
            values = [*(v.name for v in variables), out.name, *(node.get_weights(c).name for c in constants)]
            return f"fpga_tf::{name}<{', '.join(types)}>({', '.join(values)});"

    Call.__name__ = Call.__qualname__ = f"{node_class.__name__}FunctionTemplate"
    return Call


def register() -> None:
    """Make our operators known to hls4ml; safe to call again."""
    from hls4ml.model.layers import layer_map

    if FpgaTfQuantise.__name__ in layer_map:
        return
    for node_class in _CALLS:
        register_layer(node_class.__name__, node_class)
    for backend_name in BACKENDS:
        backend = get_backend(backend_name)
        for node_class in _CALLS:
            backend.register_template(_make_config(node_class))
            backend.register_template(_make_call(node_class))
