// The pipeline of {{ name }}: {{ stages }} stage{{ "" if stages == 1 else "s" }} of logic, a register before each and one after the last.
`timescale 1ns / 1ps

module {{ name }}_core (
    input wire clk,
    input wire [{{ widths[0] - 1 }}:0] in_data,
    output reg [{{ widths[-1] - 1 }}:0] out_data
);
{% for width in widths[:-1] %}
    reg [{{ width - 1 }}:0] stage{{ loop.index0 }}_in;
    wire [{{ widths[loop.index] - 1 }}:0] stage{{ loop.index0 }}_out;
    {{ name }}_core_stage{{ loop.index0 }} stage{{ loop.index0 }} (
        .in_data(stage{{ loop.index0 }}_in),
        .out_data(stage{{ loop.index0 }}_out)
    );
{% endfor %}

    always @(posedge clk) begin
        stage0_in <= in_data;
{% for index in range(1, stages) %}
        stage{{ index }}_in <= stage{{ index - 1 }}_out;
{% endfor %}
        out_data <= stage{{ stages - 1 }}_out;
    end
endmodule
