"""hls4ml layer, configuration and call of a process; FIFOs and ports in place of hls4ml's variables."""

from __future__ import annotations

from typing import Any

from hls4ml.backends import get_backend
from hls4ml.backends.fpga.fpga_types import APTypeConverter, HLSTypeConverter, VariableDefinition
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.backends.vivado.vivado_types import VivadoStreamVariableDefinition
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.types import FixedPrecisionType, IntegerPrecisionType, PackedType

from fpga_tf.hls.dataflow.kernel import Constant, Kernel, Rows
from fpga_tf.hls.nodes import BACKENDS, field_text


class FpgaTfProcess(Layer):  # type: ignore[misc]
    """A call of a row kernel; `kernel` says which."""

    def initialize(self) -> None:
        several = len(self.outputs) > 1
        for i, output in enumerate(self.outputs):
            name = f"layer{{index}}_out{i}" if several else "layer{index}_out"
            self.add_output_variable(list(self.get_attr("out_shape")), out_name=output, var_name=name)
        kernel: Kernel = self.get_attr("kernel")
        for constant in kernel.constants:
            self.add_weights_variable(
                constant.name,
                var_name=f"{constant.name}{{index}}",
                type_name=f"{constant.name}{{index}}_t",
                precision=_precision(constant),
                data=constant.codes * 2.0 ** -(constant.fraction or 0),
            )


def _precision(constant: Constant) -> Any:
    if constant.fraction is None:
        return IntegerPrecisionType(constant.width, signed=constant.signed)
    return FixedPrecisionType(constant.width, constant.width - constant.fraction, constant.signed)


class _Config(LayerConfigTemplate):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(FpgaTfProcess)

    def format(self, node: FpgaTfProcess) -> str:
        kernel: Kernel = node.get_attr("kernel")
        lines = [f"struct config{node.index} {{"]
        lines += [field_text(name, value) for name, value in kernel.fields.items()]
        lines += [f"    typedef {node.get_weights(c.name).type.name} {c.name}_t;" for c in kernel.constants]
        lines += [f"    typedef {text} {name};" for name, text in kernel.types.items()]
        return "\n".join([*lines, "};\n"])


class _Call(FunctionCallTemplate):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(FpgaTfProcess)

    def format(self, node: FpgaTfProcess) -> str:
        kernel: Kernel = node.get_attr("kernel")
        values = [node.get_input_variable(name).name for name in node.inputs]
        values += [node.get_output_variable(name).name for name in node.outputs]
        values += [node.get_weights(c.name).name for c in kernel.constants]
        return f"fpga_tf::{kernel.function}<config{node.index}>({', '.join(values)});"

    def transform(self, model: Any, node: FpgaTfProcess) -> Any:
        changed = super().transform(model, node)
        node.set_attr("include_header", [f"fpga_tf/{node.get_attr('kernel').header}.h", "fpga_tf/trace.h"])
        return changed


def register() -> None:
    """Make the process known to hls4ml; safe to call again."""
    from hls4ml.model.layers import layer_map

    if FpgaTfProcess.__name__ in layer_map:
        return
    register_layer(FpgaTfProcess.__name__, FpgaTfProcess)
    for name in BACKENDS:
        backend = get_backend(name)
        backend.register_template(_Config)
        backend.register_template(_Call)


class _FifoDefinition(VariableDefinition):  # type: ignore[misc]
    """A FIFO of rows of our own."""

    def definition_cpp(self, name_suffix: str = "", as_reference: bool = False) -> str:
        name, row = f"{self.name}{name_suffix}", f"fpga_tf::row<{self.type.name}, {self.channels}>"
        return f'fpga_tf::fifo<{row}, {self.pragma[1]}> {name}("{name}")'


def make_fifo(variable: Any, rows: Rows, depth: int) -> None:
    """Turn an array of hls4ml's into a FIFO of rows."""
    variable.pragma = ("stream", depth)
    variable.channels = rows.channels
    _become(variable, "Fifo", _FifoDefinition)


def make_port(variable: Any, rows: Rows, name: str) -> None:
    """Turn an array of hls4ml's into a stream at the top's interface, of rows as hls4ml packs them.

    Args:
        name: of the type of a row.
    """
    variable.pragma = ("stream", rows.count)
    packed = PackedType(name, variable.type.precision, rows.channels, 1)
    variable.type = HLSTypeConverter(precision_converter=APTypeConverter()).convert(packed)
    _become(variable, "Port", VivadoStreamVariableDefinition)


def _become(variable: Any, kind: str, definition: type) -> None:
    plain = next(base for base in type(variable).__mro__ if not issubclass(base, VariableDefinition))
    variable.__class__ = type(f"FpgaTf{kind}Variable", (plain, definition), {})
