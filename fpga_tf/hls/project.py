"""The HLS project on disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError
from fpga_tf.files import MANIFEST, atomic_write
from fpga_tf.hls.convert import Converted, Target
from fpga_tf.hls.harness import HARNESS, harness
from fpga_tf.hls.manifest import Manifest, Port, digests
from fpga_tf.hls.partition import allow_arrays
from fpga_tf.hls.testbench import exact_testbench
from fpga_tf.hls.weights import rewrite_weights

INCLUDE = Path(__file__).parent / "include" / "fpga_tf"
TEST_VECTORS = 32  # samples in hls4ml's testbench: C/RTL co-simulation takes seconds to minutes for each
# what depends on nothing but the installed hls4ml, and what hls4ml makes differently each time
_LEFT_OUT = ("keras_model.keras", "hls4ml_config.yml", "build_lib.sh")


def write_project(converted: Converted, target: Target, manifest: Manifest, samples: Samples | None = None) -> Manifest:
    """Write a complete project into ``target.folder``, the manifest last.

    Args:
        converted: from `fpga_tf.hls.convert`.
        target: the same that `converted` was made for; its folder must be empty or absent.
        manifest: all but ``files``.
        samples: test vectors for the testbench.

    Returns:
        The manifest as written.
    """
    folder = target.folder
    allow_arrays(converted.graph)
    converted.graph.write()
    for name in _LEFT_OUT:
        (folder / name).unlink(missing_ok=True)
    rewrite_weights(folder)
    testbench = folder / f"{target.name}_test.cpp"
    names = [variable.name for variable in converted.graph.get_input_variables()]
    atomic_write(testbench, exact_testbench(testbench.read_text(encoding="utf-8"), target.name, names))
    if manifest.network is not None:
        script = folder / "build_prj.tcl"
        atomic_write(script, draining(script.read_text(encoding="utf-8")))
    shutil.copytree(INCLUDE, folder / "firmware" / "fpga_tf", dirs_exist_ok=True)
    atomic_write(folder / HARNESS, _harness(converted.graph, manifest))
    atomic_write(folder / "hls_config.cfg", hls_config(target))
    if samples is not None:
        samples.write(folder / "tb_data")
    files = [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST]
    complete = replace(manifest, files=digests(folder, files))
    atomic_write(folder / MANIFEST, complete.to_text())
    return complete


def draining(text: str) -> str:
    """hls4ml's script without automatic rewinding, an option that Vivado HLS does not have: nor does it rewind.

    A loop that is rewound need not give out a sample's last rows before the next sample's first one comes. FIFOs may
    then be too shallow (UG1448, "Data FIFO Sizing"); their depths are for loops that drain (`fpga_tf.schedule.depths`).

    Raises:
        InternalError: the text is not as hls4ml 1.3 writes it.
    """
    before = "config_compile -name_max_length 80\n"
    if text.count(before) != 1:
        raise InternalError(f"hls4ml's script must hold {before.strip()!r} once")
    return text.replace(before, f"{before}catch {{config_compile -enable_auto_rewind=false}}\n")


class Samples:
    """Test vectors: inputs and expected outputs, as codes and as the decimals that hls4ml's testbench reads.

    Args:
        inputs, outputs: per port, the port and codes of shape (samples, ...).
    """

    def __init__(
        self,
        inputs: Sequence[tuple[Port, NDArray[np.int64]]],
        outputs: Sequence[tuple[Port, NDArray[np.int64]]],
    ) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)

    def write(self, folder: Path) -> None:
        """Write the four files of the testbench."""
        folder.mkdir(exist_ok=True)
        for name, ports in (("tb_input_features", self.inputs), ("tb_output_predictions", self.outputs)):
            atomic_write(folder / f"{name}.dat", "".join(_decimals(row, ports) for row in _rows(ports)))
            atomic_write(folder / f"{name}_codes.dat", "".join(_codes(row) for row in _rows(ports)))


def _rows(ports: Sequence[tuple[Port, NDArray[np.int64]]]) -> list[list[list[int]]]:
    count = min(TEST_VECTORS, *(len(codes) for _, codes in ports))
    return [[codes[i].ravel().tolist() for _, codes in ports] for i in range(count)]


def _codes(row: list[list[int]]) -> str:
    return " ".join(str(c) for codes in row for c in codes) + "\n"


def _decimals(row: list[list[int]], ports: Sequence[tuple[Port, NDArray[np.int64]]]) -> str:
    values = [decimal(code, port.type.fraction) for codes, (port, _) in zip(row, ports, strict=True) for code in codes]
    return " ".join(values) + "\n"


def decimal(code: int, fraction: int) -> str:
    """``code * 2**-fraction`` as an exact decimal."""
    if fraction <= 0:
        return str(code << -fraction)
    digits = str(abs(code) * 5**fraction).rjust(fraction + 1, "0")
    return f"{'-' if code < 0 else ''}{digits[:-fraction]}.{digits[-fraction:]}"


def _harness(graph: Any, manifest: Manifest) -> str:
    def described(variables: Sequence[Any], ports: Sequence[Port]) -> list[tuple[Port, str]]:
        if len(variables) != len(ports):
            raise InternalError(f"the firmware must have {len(ports)} ports, not {len(variables)}")
        return [(p, v.type.name) for v, p in zip(variables, ports, strict=True)]

    return harness(
        manifest.name,
        described(graph.get_input_variables(), manifest.inputs),
        described(graph.get_output_variables(), manifest.outputs),
        manifest.layers,
        dataflow=manifest.network is not None,
    )


def hls_config(target: Target) -> str:
    """The configuration of the unified Vitis flow: ``v++ -c --mode hls --config hls_config.cfg --work_dir NAME``.

    Keys as in UG1399, "HLS Config File Commands". Not run here: there is no Vitis to run it.
    """
    lines = [
        f"part={target.part}",
        "",
        "[hls]",
        f"clock={target.clock_ns:g}ns",
        f"clock_uncertainty={target.clock_uncertainty_percent:g}%",
        "flow_target=vivado",
        *(["syn.compile.enable_auto_rewind=0"] if target.shapes.dataflow else []),
        f"syn.top={target.name}",
        f"syn.file=firmware/{target.name}.cpp",
        "syn.cflags=-std=c++14",
        f"tb.file={target.name}_test.cpp",
        "tb.cflags=-std=c++14",
        "tb.file=firmware/weights",
        "tb.file=tb_data",
        "package.output.format=ip_catalog",
        "",
    ]
    return "\n".join(lines)
