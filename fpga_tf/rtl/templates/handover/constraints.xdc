# Constraints of {{ name }} out of context. The clock is the only one, and every path between registers is held to it.
set period {{ clock_ns }}
create_clock -name clk -period $period [get_ports clk]

# Ports lead to registers and come from registers, and what is outside is not known here. A third of a period is left
# for each way within this module, so that no logic can be moved between a port and its register unseen. Hold at the
# ports depends on the clock tree outside and is for the design around this one to meet.
set_max_delay -datapath_only -from [get_ports {rst in_valid in_data[*]}] [expr $period / 3.0]
set_max_delay -datapath_only -from [get_clocks clk] -to [get_ports {out_valid out_data[*]}] [expr $period / 3.0]
