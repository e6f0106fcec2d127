"""From exact nodes to pipelined Verilog and VHDL, through the distributed-arithmetic compiler da4ml."""
