"""Generated Verilog, clocked: one sample a cycle, codes equal to Keras's, latency counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import ToolError, UserError

pytestmark = pytest.mark.qkeras
SLOW = [pytest.param(group, marks=pytest.mark.slow) for group in ("elementwise", "softmax", "attention", "masks", "linformer")]


@pytest.mark.parametrize("group", ["linear", *SLOW])
def test_verilog_computes_what_keras_computes(group: str, tmp_path: Path) -> None:
    from fpga_tf.lower.walk import lower
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.rtl.pipeline import pipeline, write_hdl
    from fpga_tf.rtl.simulate import TOP, build, clocked, measure_latency, simulate
    from fpga_tf.rtl.ports import input_values
    from fpga_tf.rtl.trace import trace
    from tests.conformance.cases import build_model
    from tests.conformance.proof import samples

    model = build_model(group, 0)
    lowered = lower(model)
    design = pipeline(trace(model, lowered), 8)
    write_hdl(design, tmp_path / "hdl", TOP)
    program = build(tmp_path / "hdl", tmp_path / "made")
    inputs = samples(lowered.inputs, np.random.default_rng(0))
    codes = [port.codes(x) for port, x in zip(lowered.inputs, inputs, strict=True)]
    given = input_values(design.traced.inputs, codes)
    keys = output_keys(model)
    values = evaluate(model, inputs, keys, exact=True)
    wanted = np.concatenate([values[key].reshape(len(given), -1) for key in keys], axis=1)

    other = next(row for row, out in zip(given, wanted, strict=True) if (out != wanted[0]).any())
    latency = measure_latency(program, design, given[0], other)
    assert latency == design.latency
    assert np.array_equal(simulate(program, design, given, latency), wanted)

    # other samples in between change nothing: a sample has a cycle of its own
    rng = np.random.default_rng(1)
    spread = given[rng.integers(0, len(given), 3 * len(given))]
    at = np.sort(rng.choice(len(spread), len(given), replace=False))
    spread[at] = given
    found = clocked(program, design, np.concatenate([spread, spread[: latency + 1]]))
    assert np.array_equal(found[at + latency], wanted)


def test_names_of_modules() -> None:
    from fpga_tf.rtl.pipeline import check_name

    check_name("jet_flavour")
    for name in ("design", "Module", "x; y", "1st", "a-b", "", "x" * 62, "model_inp", "ä"):
        with pytest.raises(UserError, match="a module's name must be letters, digits and _"):
            check_name(name)


def test_words_of_ports() -> None:
    from fpga_tf.rtl.words import Field, pack, unpack, word_count

    fields = (Field(True, 3, 2), Field(False, 0, 7), Field(False, 0, 0), Field(True, 20, 11), Field(False, 4, -1))
    rng = np.random.default_rng(0)
    low = [-(2.0**f.integer) if f.signed else 0.0 for f in fields]
    values = np.stack(
        [
            first + rng.integers(0, 2**field.width, 500) * 2.0**-field.fraction
            for first, field in zip(low, fields, strict=True)
        ],
        axis=1,
    )
    words = pack(values, fields)
    assert (word_count(fields), words.shape) == (2, (500, 2))
    assert np.array_equal(unpack(words, fields), values)
    first = sum(
        int(v * 2.0**f.fraction) % 2**f.width << at
        for v, f, at in zip(values[0], fields, (0, 6, 13, 13, 45), strict=True)
    )
    assert int(words[0, 0]) | int(words[0, 1]) << 32 == first


def test_verilog_that_does_not_compile_is_said(tmp_path: Path) -> None:
    from fpga_tf.rtl.simulate import build

    (tmp_path / "src").mkdir()
    (tmp_path / "src/tagger.v").write_text("module tagger(input clk; endmodule\n")
    with pytest.raises(ToolError, match="Verilator must compile the RTL, but says: %Error"):
        build(tmp_path, tmp_path / "made")
