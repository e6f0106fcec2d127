"""A small design by hand for the tests of what is handed over: a table, a product, a sum, two registers deep."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fpga_tf.rtl.handover import HandoverFacts, write_handover
from fpga_tf.rtl.manifest import RtlPort
from fpga_tf.rtl.words import Field, pack

TABLE = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]
INPUTS = (Field(True, 3, 0), Field(True, 1, 2), Field(True, 1, 2), Field(False, 0, 0))
OUTPUTS = (Field(False, 4, 0), Field(True, 6, 4))
TOP = """\
`timescale 1ns / 1ps
module toy (
  input clk, input rst, input in_valid, input [11:0] in_data, output out_valid, output [14:0] out_data
);
  reg [2:0] valid = 3'b000;
  always @(posedge clk) valid <= rst ? 3'b000 : (valid << 1) | in_valid;
  assign out_valid = valid[2];
  toy_core core (.clk(clk), .model_inp(in_data), .model_out(out_data));
endmodule
"""
CORE = """\
`timescale 1ns / 1ps
module toy_core (input clk, input [11:0] model_inp, output reg [14:0] model_out);
  reg [11:0] in;
  reg [14:0] between;
  wire [3:0] entry;
  wire signed [10:0] product;
  table_of one (.in(in[3:0]), .out(entry));
  assign product = $signed(in[7:4]) * $signed(in[11:8]) + 11'sd3;
  always @(posedge clk) begin
    in <= model_inp;
    between <= {product, entry};
    model_out <= between;
  end
endmodule
"""
ROM = """\
`timescale 1ns / 1ps
module table_of (input [3:0] in, output reg [3:0] out);
  (* rom_style = "distributed" *)
  always @(*)
    case (in)
ENTRIES
    endcase
endmodule
"""


def facts(samples: int = 60, latency: int = 2, name: str = "toy") -> HandoverFacts:
    """Facts and vectors of the design."""
    rng = np.random.default_rng(5)
    codes = rng.integers(-8, 8, (samples, 3))
    inputs = np.concatenate([codes * [1.0, 0.25, 0.25], np.zeros((samples, 1))], axis=1)
    entries = np.array(TABLE)[codes[:, 0] % 16]
    outputs = np.stack([entries, (codes[:, 1] * codes[:, 2] + 3) / 16], axis=1)
    return HandoverFacts(
        name=name,
        model="toy *v2*\n<of> ours",
        part="xcvu13p-flga2577-2-e",
        clock_ns=5.0,
        latency=latency,
        inputs=INPUTS,
        outputs=OUTPUTS,
        input_tensors=(
            RtlPort("index", (1,), "ap_fixed<4,4>"),
            RtlPort("pair", (2, 1), "ap_fixed<4,2>"),
            RtlPort("unused", (1,), "ap_fixed<4,2>"),
        ),
        output_tensors=(RtlPort("entry", (1,), "ap_ufixed<4,4>"), RtlPort("product", (1,), "ap_fixed<11,7>")),
        input_words=pack(inputs, INPUTS),
        output_words=pack(outputs, OUTPUTS),
        estimates=("LUT 40 ± 6", "clock period 1.9 ns ± 0.4 ns"),
    )


def write_toy(folder: Path, given: HandoverFacts | None = None) -> Path:
    """The sources of the design, and what is handed over with them."""
    entries = "\n".join(f"      4'd{at}: out = 4'd{entry};" for at, entry in enumerate(TABLE))
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/toy.v").write_text(TOP)
    (folder / "src/toy_core.v").write_text(CORE)
    (folder / "src/toy_table.v").write_text(ROM.replace("ENTRIES", entries))
    write_handover(folder, given or facts())
    return folder
