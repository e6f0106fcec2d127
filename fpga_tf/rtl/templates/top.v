// {{ name }}: one sample a clock cycle.
// What is in in_data at a rising edge with in_valid high and rst low is in out_data, with out_valid high, after the edge
// {{ stages }} cycle{{ "" if stages == 1 else "s" }} later. rst (synchronous) forgets all samples under way; data registers need no reset.
// in_data: {{ inputs }}; the first in the lowest bits.
// out_data: {{ outputs }}.
`timescale 1ns / 1ps

module {{ name }} (
    input wire clk,
    input wire rst,
    input wire in_valid,
    input wire [{{ widths[0] - 1 }}:0] in_data,
    output wire out_valid,
    output wire [{{ widths[-1] - 1 }}:0] out_data
);
    reg [{{ stages }}:0] valid;
    assign out_valid = valid[{{ stages }}];

    always @(posedge clk) begin
        if (rst) valid <= {{ stages + 1 }}'d0;
        else valid <= {valid[{{ stages - 1 }}:0], in_valid};
    end

    {{ name }}_core core (
        .clk(clk),
        .in_data(in_data),
        .out_data(out_data)
    );
endmodule
