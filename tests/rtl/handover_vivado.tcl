# Stands in for Vivado: records what is called, and writes reports as the tool does, from the texts in $env(REPORTS).
# Environment: REPORTS, CALLS (file), VERSION, and FAIL: a command that fails, with the message that it fails with.
set state Synthesized
set nets unplaced
set period 0
set part {}

proc called {name arguments} {
    set file [open $::env(CALLS) a]
    puts $file [list $name {*}$arguments]
    close $file
    if {[info exists ::env(FAIL)] && [string match [lindex $::env(FAIL) 0] [list $name {*}$arguments]]} {
        error [lindex $::env(FAIL) 1]
    }
}
proc text {name} {
    set file [open [file join $::env(REPORTS) $name]]
    set text [read $file]
    close $file
    return $text
}
proc put {path text} {
    set file [open $path w]
    puts -nonewline $file [string map [list @VERSION@ $::env(VERSION) @PART@ $::part @STATE@ $::state @NETS@ $::nets \
        @PERIOD@ [format %.3f $::period]] $text]
    close $file
}
proc option {arguments name} { return [lindex $arguments [expr {[lsearch -exact $arguments $name] + 1}]] }

foreach name {read_verilog write_checkpoint set_property set_max_delay} {
    proc $name {args} "called $name \$args"
}
proc version {args} { return $::env(VERSION) }
proc get_ports {names} { return "ports:[join $names ,]" }
proc get_clocks {names} { return "clocks:[join $names ,]" }
proc get_sites {args} {
    return [expr {[string match *BUFGCE* $args] && ![info exists ::env(NO_SITES)] ? "B_X0Y0 B_X0Y1 B_X0Y2" : ""}]
}
proc create_clock {args} {
    called create_clock $args
    set ::period [option $args -period]
}
proc read_xdc {path} {
    called read_xdc [list $path]
    source $path
}
proc synth_design {args} {
    called synth_design $args
    set ::part [option $args -part]
}
proc opt_design {args} { called opt_design $args; set ::state Optimized }
proc place_design {args} { called place_design $args; set ::state "Fully Placed"; set ::nets estimated }
proc phys_opt_design {args} { called phys_opt_design $args; set ::state "Physopt postPlace" }
proc route_design {args} { called route_design $args; set ::state Routed; set ::nets routed }

proc report_utilization {args} {
    called report_utilization $args
    put [option $args -file] [text [expr {"-hierarchical" in $args ? "hierarchy.rpt" : "utilization.rpt"}]]
}
proc report_timing_summary {args} {
    called report_timing_summary $args
    put [option $args -file] [text timing.rpt]
}
proc report_power {args} {
    called report_power $args
    put [option $args -file] [text power.rpt]
}
proc report_route_status {args} {
    called report_route_status $args
    put [option $args -file] "Design Route Status\n"
}

source $env(SCRIPT)
