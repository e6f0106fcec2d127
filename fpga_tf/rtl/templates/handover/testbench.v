// Self-checking testbench of {{ name }}; plain Verilog-2001 for Verilator (--timing), Icarus and xsim.
// Prints one line that begins with PASS or FAIL; a failure ends in $stop, which simulators in batch mode exit with an
// error for. Reads vectors/inputs.hex and vectors/outputs.hex below the folder that it runs in: a sample a line, the
// first number in the lowest bits, and a last line of ones that tells that the file is whole.
`timescale 1ns / 1ps

module {{ name }}_testbench;
  parameter LATENCY = {{ latency }};  // what rising edge k takes, stands at the outputs after edge k + LATENCY
  parameter SAMPLES = {{ samples }};
  localparam IN_BITS = {{ in_bits }};
  localparam OUT_BITS = {{ out_bits }};
  localparam NOISE = (IN_BITS + 31) / 32;
  localparam SHOWN = 5;

  reg clk = 1'b0;
  reg rst = 1'b0;
  reg in_valid = 1'b0;
  reg [IN_BITS-1:0] in_data = {IN_BITS{1'b0}};
  wire out_valid;
  wire [OUT_BITS-1:0] out_data;

  reg [IN_BITS-1:0] inputs[0:SAMPLES];
  reg [OUT_BITS-1:0] outputs[0:SAMPLES];

  // of what the last edges took, the newest first: whether it was a sample, and which
  reg [LATENCY:0] under_way = {(LATENCY + 1) {1'b0}};
  integer sample_of[0:LATENCY];

  integer cycle = 0;
  integer first_in = -1;
  integer first_out = -1;
  integer checked = 0;
  integer wrong_data = 0;
  integer wrong_valid = 0;
  reg [31:0] lfsr = 32'h1d872b41;
  wire [32*NOISE-1:0] noise = {NOISE{lfsr}};

  {{ name }} dut (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_data(in_data),
      .out_valid(out_valid),
      .out_data(out_data)
  );

  always #{{ half_period }} clk = ~clk;

  // Galois, x^32 + x^22 + x^2 + x + 1: the same bubbles in every simulator
  task draw;
    lfsr = lfsr[0] ? (lfsr >> 1) ^ 32'h80200003 : lfsr >> 1;
  endtask

  // One clock cycle: ports change at the falling edge, and are looked at there, so no simulator's order matters.
  task step(input clear, input valid, input integer sample);
    integer at;
    begin
      rst = clear;
      in_valid = valid;
      in_data = valid ? inputs[sample] : noise[IN_BITS-1:0];
      @(negedge clk);
      for (at = LATENCY; at > 0; at = at - 1) sample_of[at] = sample_of[at-1];
      sample_of[0] = sample;
      under_way = clear ? {(LATENCY + 1) {1'b0}} : (under_way << 1) | valid;
      if (first_in < 0 && valid && !clear) first_in = cycle;
      if (first_out < 0 && out_valid === 1'b1) first_out = cycle;
      check(under_way[LATENCY], sample_of[LATENCY]);
      cycle = cycle + 1;
    end
  endtask

  task check(input due, input integer sample);
    if (out_valid !== due) begin
      wrong_valid = wrong_valid + 1;
      if (wrong_valid <= SHOWN) $display("cycle %0d: out_valid must be %b, not %b", cycle, due, out_valid);
    end else if (due) begin
      checked = checked + 1;
      if (out_data !== outputs[sample]) begin
        wrong_data = wrong_data + 1;
        if (wrong_data <= SHOWN)
          $display("cycle %0d, sample %0d: out_data must be %h, not %h", cycle, sample, outputs[sample], out_data);
      end
    end
  endtask

  // Samples from the first, a quarter of the cycles being bubbles; the last ones without, to fill the pipeline.
  task send(input integer count);
    integer sample;
    begin
      sample = 0;
      while (sample < count) begin
        draw;
        if (lfsr[1:0] == 2'b00 && sample + LATENCY < count) step(1'b0, 1'b0, 0);
        else begin
          step(1'b0, 1'b1, sample);
          sample = sample + 1;
        end
      end
    end
  endtask

  task idle(input integer count);
    integer left;
    for (left = count; left > 0; left = left - 1) begin
      draw;
      step(1'b0, 1'b0, 0);
    end
  endtask

  task verdict;
    if (wrong_data == 0 && wrong_valid == 0 && checked >= SAMPLES) begin
      $display("PASS: %0d outputs of {{ name }} as they must be, latency %0d cycles, %0d cycles in all", checked,
               first_out - first_in, cycle);
      $finish;
    end else begin
      if (first_out < 0) $display("out_valid never came");
      else if (first_out - first_in != LATENCY)
        $display("the latency must be %0d cycles, not %0d", LATENCY, first_out - first_in);
      $display("FAIL: {{ name }}: of %0d outputs %0d wrong; out_valid wrong in %0d of %0d cycles", checked, wrong_data,
               wrong_valid, cycle);
      $stop;
    end
  endtask

  initial begin
    $readmemh("vectors/inputs.hex", inputs);
    $readmemh("vectors/outputs.hex", outputs);
    if (inputs[SAMPLES] !== {IN_BITS{1'b1}} || outputs[SAMPLES] !== {OUT_BITS{1'b1}}) begin
      $display("FAIL: vectors/inputs.hex and vectors/outputs.hex must be there, whole, with %0d samples", SAMPLES);
      $stop;
      $finish;
    end
    @(negedge clk);
    step(1'b1, 1'b0, 0);
    send(SAMPLES / 2);
    // the second reset finds the pipeline full, and what comes with it is no sample
    step(1'b1, 1'b1, 0);
    idle(LATENCY + 2);
    send(SAMPLES);
    idle(LATENCY + 8);
    verdict;
  end
endmodule
