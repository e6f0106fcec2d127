"""Our nodes in place of hls4ml's EinsumDense and Einsum: sums of integer codes, each value read where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np
from hls4ml.backends import get_backend
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import TypeAttribute
from hls4ml.model.layers import Layer, register_layer

from fpga_tf.errors import UserError
from fpga_tf.hls.nodes import BACKENDS
from fpga_tf.lower.context import LayerDict


@dataclass(frozen=True)
class Axes:
    """The axes of an einsum of two operands, in the groups that einsum.h goes over.

    Attributes:
        sizes: of each axis.
        inplace: axes that both operands and the result have.
        left, right: axes of one operand that the result has.
        contract: axes of both that are summed.
    """

    sizes: Mapping[str, int]
    inplace: str
    left: str
    right: str
    contract: str

    def place(self, axes: str, shape: tuple[int, ...], *groups: tuple[str, str]) -> str:
        """A C++ expression: where a value stands in its array.

        Args:
            axes: of the array, in its order.
            shape: of the array; an axis of length one may stand for a longer one.
            groups: (variable, the axes that it counts).
        """
        steps = {a: prod(shape[i + 1 :]) if shape[i] > 1 else 0 for i, a in enumerate(axes)}
        terms = [term for variable, group in groups for term in self._terms(variable, group, steps)]
        return " + ".join(terms) or "0"

    def _terms(self, variable: str, group: str, steps: Mapping[str, int]) -> list[str]:
        """What a variable adds: a term for each run of axes that lie behind one another."""
        runs: list[list[int]] = []  # size, step; the last axis first
        for axis in reversed(group):
            size, step = self.sizes[axis], steps.get(axis, 0)
            if runs and runs[-1][0] * runs[-1][1] == step:
                runs[-1][0] *= size
            else:
                runs.append([size, step])
        terms, passed = [], 1
        for i, (size, step) in enumerate(runs):
            digit = variable if passed == 1 else f"{variable} / {passed}"
            digit = digit if i == len(runs) - 1 else f"{digit} % {size}"
            passed *= size
            if step and size > 1:
                terms.append(
                    digit if step == 1 else f"{digit} * {step}" if digit == variable else f"({digit}) * {step}"
                )
        return terms


def axes_of(equation: str, left_shape: tuple[int, ...], right_shape: tuple[int, ...], where: str) -> Axes:
    """Sort the axes of an equation without the batch.

    Raises:
        UserError: an axis stands twice in an operand, or is summed over in one operand alone.
    """
    left, right, out = _operands(equation)
    sizes = dict(zip(left, left_shape, strict=True)) | dict(zip(right, right_shape, strict=True))
    alone = {a for a in left + right if (a in left) != (a in right) and a not in out}
    if alone or any(len(set(part)) != len(part) for part in (left, right, out)):
        raise UserError(f"an einsum must have an axis once, and sum over shared ones, not {equation!r}", where=where)
    shared = [a for a in left if a in right]
    return Axes(
        sizes,
        "".join(a for a in out if a in shared),
        "".join(a for a in out if a in left and a not in shared),
        "".join(a for a in out if a in right and a not in shared),
        "".join(a for a in shared if a not in out),
    )


def _operands(equation: str) -> tuple[str, str, str]:
    left, rest = equation.replace(" ", "").split(",")
    right, out = rest.split("->")
    return left, right, out


class FpgaTfEinsum(Layer):  # type: ignore[misc]
    """A product of two tensors."""

    _expected_attributes: ClassVar[list[Any]] = [TypeAttribute("accum")]

    def initialize(self) -> None:
        self.add_output_variable(list(self.get_attr("out_shape")))


class FpgaTfEinsumDense(Layer):  # type: ignore[misc]
    """A product of a tensor and constants, with a bias."""

    _expected_attributes: ClassVar[list[Any]] = [TypeAttribute("accum")]

    def initialize(self) -> None:
        self.add_output_variable(list(self.get_attr("out_shape")))
        bias = self.get_attr("bias_data")
        for name, values in (("weight", self.get_attr("weight_data")), ("bias", np.zeros(1) if bias is None else bias)):
            precision, _ = self.model.config.get_precision(self, var=name)
            self.add_weights_variable(
                name, var_name=f"{name[0]}{{index}}", precision=precision, data=np.asarray(values)
            )


CLASSES = {"EinsumDense": FpgaTfEinsumDense, "Einsum": FpgaTfEinsum}


def own(node: LayerDict) -> LayerDict:
    """The description of our node for one of `CLASSES`; any other as it is."""
    found = CLASSES.get(node["class_name"])
    return node if found is None else {**node, "class_name": found.__name__}


def _fields(node: Any) -> list[str]:
    """Sizes and places of a configuration."""
    dense = isinstance(node, FpgaTfEinsumDense)
    left_shape = tuple(node.get_attr("inp_shape" if dense else "inp0_shape"))
    right_shape = tuple(node.get_attr("weight_data").shape if dense else node.get_attr("inp1_shape"))
    equation, out_shape = node.get_attr("equation"), tuple(node.get_attr("out_shape"))
    axes = axes_of(equation, left_shape, right_shape, f"layer {node.name}")
    left, right, out = _operands(equation)
    i, r, o, c = ("i", axes.inplace), ("r", axes.left), ("o", axes.right), ("c", axes.contract)
    places = {
        "left_at": ("irc", axes.place(left, left_shape, i, r, c)),
        "right_at": ("ioc", axes.place(right, right_shape, i, o, c)),
        "out_at": ("iro", axes.place(out, out_shape, i, r, o)),
    }
    if dense:
        bias = node.get_attr("bias_data")
        shape = () if bias is None else np.shape(bias)
        places["bias_at"] = ("iro", axes.place(out[len(out) - len(shape) :], shape, i, r, o))
    sizes = {"inplace": axes.inplace, "left": axes.left, "right": axes.right, "contract": axes.contract}
    lines = [f"static const unsigned n_{name} = {prod(axes.sizes[a] for a in g)};" for name, g in sizes.items()]
    for name, (variables, place) in places.items():
        parameters = ", ".join(f"unsigned {v}" for v in variables)
        lines.append(f"static unsigned {name}({parameters}) {{ return {place}; }}")
    return lines


def _make_config(node_class: type[Layer], function: str) -> type[LayerConfigTemplate]:
    class Config(LayerConfigTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(node_class)

        def format(self, node: Layer) -> str:
            lines = [*_fields(node), f"typedef {node.get_attr('accum_t').name} accum_t;"]
            lines += [f"typedef {w.type.name} {name}_t;" for name, w in node.weights.items()]
            body = "".join(f"    {line}\n" for line in lines)
            return f"struct config{node.index} : fpga_tf::{function}_config {{\n{body}}};\n"

    return Config


def _make_call(node_class: type[Layer], function: str) -> type[FunctionCallTemplate]:
    class Call(FunctionCallTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(node_class, include_header=["fpga_tf/einsum.h"])

        def format(self, node: Layer) -> str:
            given = [node.get_input_variable(name) for name in node.inputs]
            out = node.get_output_variable()
            types = [*(v.type.name for v in given), out.type.name, f"config{node.index}"]
            values = [*(v.name for v in given), out.name, *(w.name for w in node.get_weights())]
            return f"fpga_tf::{function}<{', '.join(types)}>({', '.join(values)});"

    return Call


def register() -> None:
    """Make the nodes known to hls4ml; safe to call again."""
    from hls4ml.model.layers import layer_map

    if FpgaTfEinsum.__name__ in layer_map:
        return
    for node_class, function in ((FpgaTfEinsum, "einsum"), (FpgaTfEinsumDense, "einsum_dense")):
        register_layer(node_class.__name__, node_class)
        for name in BACKENDS:
            get_backend(name).register_template(_make_config(node_class, function))
            get_backend(name).register_template(_make_call(node_class, function))
