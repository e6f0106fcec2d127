# Synthesises, places and routes {{ name }} out of context. For Vivado 2020.1 and later, without a project:
#
#   vivado -mode batch -source vivado.tcl -tclargs part {{ part }} clock_ns {{ clock_ns }}
#
# Both arguments may be left out. Reports go to vivado/reports, checkpoints to vivado; the exit code is 1 if a step fails.
# Whether timing is met is for the reports to say: `fpga-tf report .` reads them.

set here [file dirname [file normalize [info script]]]
set top {{ name }}
set part {{ part }}
set clock_ns {{ clock_ns }}

proc read_arguments {arguments} {
    global part clock_ns
    if {[llength $arguments] % 2} { error "arguments must be pairs of a name and a value, not: $arguments" }
    foreach {name value} $arguments {
        if {$name eq "part" && [regexp {^[A-Za-z][A-Za-z0-9_-]+$} $value]} {
            set part $value
        } elseif {$name eq "clock_ns" && [regexp {^[0-9]+(\.[0-9]+)?$} $value] && $value > 0} {
            set clock_ns $value
        } else {
            error "arguments must be: part PART, clock_ns NANOSECONDS, not: $name $value"
        }
    }
}

# The file, or a copy with the period that was asked for.
proc constraints {} {
    global here clock_ns
    set file [open [file join $here constraints.xdc]]
    set text [read $file]
    close $file
    if {[regsub -all -line {^set period .*$} $text "set period $clock_ns" text] != 1} {
        error "constraints.xdc must set the period once"
    }
    set made [file join $here vivado constraints.xdc]
    set file [open $made w]
    puts -nonewline $file $text
    close $file
    return $made
}

proc synthesise {} {
    global here top part
    set sources [lsort [glob -directory [file join $here src] -nocomplain *.v]]
    if {![llength $sources]} { error "src must hold Verilog" }
    read_verilog $sources
    read_xdc [constraints]
    # No DSP: the counts were made for LUTs. Moving registers between stages evens out their depth.
    set options [list -top $top -part $part -mode out_of_context -max_dsp 0]
    set old [expr {[regexp {^([0-9]+)} [version -short] year] && $year < 2022}]
    if {$old} {
        synth_design {*}$options -retiming
    } elseif {[catch {synth_design {*}$options -global_retiming on} why]} {
        # what the option was called before
        if {![string match "*global_retiming*" $why]} { error $why }
        synth_design {*}$options -retiming
    }
}

# Without the place of its buffer a clock that comes from outside has no skew: paths would look better than they are.
proc place_clock {} {
    foreach kind {BUFGCE BUFGCTRL} {
        set sites [get_sites -quiet -filter "SITE_TYPE == $kind"]
        if {[llength $sites]} {
            set site [lindex $sites [expr {[llength $sites] / 2}]]
            set_property HD.CLK_SRC $site [get_ports clk]
            return
        }
    }
    puts "WARNING: no clock buffer found: timing is without the skew of the clock"
}

proc report {stage} {
    global here
    set reports [file join $here vivado reports]
    report_utilization -file [file join $reports ${stage}_utilization.rpt]
    report_utilization -hierarchical -file [file join $reports ${stage}_hierarchy.rpt]
    report_timing_summary -max_paths 10 -file [file join $reports ${stage}_timing.rpt]
    report_power -file [file join $reports ${stage}_power.rpt]
    write_checkpoint -force [file join $here vivado ${stage}.dcp]
}

proc main {arguments} {
    global here
    read_arguments $arguments
    # reports of an earlier run, of another part or clock, would lie beside the new ones
    file delete -force [file join $here vivado reports]
    file mkdir [file join $here vivado reports]
    synthesise
    place_clock
    report synth
    opt_design
    place_design
    phys_opt_design
    report place
    route_design
    report route
    report_route_status -file [file join $here vivado reports route_status.rpt]
}

if {![info exists argv]} { set argv {} }
if {[catch {main $argv} why]} {
    puts stderr "ERROR: vivado.tcl: $why"
    exit 1
}
puts "vivado.tcl: reports are in [file join $here vivado reports]"
exit 0
