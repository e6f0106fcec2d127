"""What is written for a bundle: the page with the commands, and the clock of the HLS core."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from fpga_tf.flow.synth_steps import COMPONENT, STEPS, Job, config_jobs_of, rtl_jobs, tcl_jobs
from fpga_tf.hls.manifest import Manifest
from fpga_tf.rtl.manifest import RtlManifest

# Number by number through both files: one has a line for each output, the other one for each sample.
_COMPARE = (
    "FNR == 1 {f++} {for (i = 1; i <= NF; i++) v[f, n[f]++] = $i} "
    "END {m = n[1] > n[2] ? n[1] : n[2]; for (i = 0; i < m; i++) d += i >= n[1] || i >= n[2] || v[1, i] != v[2, i]; "
    'print d + 0, "of", m + 0, "differ"}'
)


def hls_constraints(manifest: Manifest) -> str:
    """The clock of the exported core, for implementation out of context. HLS calls it `ap_clk` (UG1399)."""
    clock = f"create_clock -period {manifest.clock_ns:.3f} -name ap_clk [get_ports ap_clk]"
    return f"# out of context, for the IP that C synthesis makes of {manifest.name}\n{clock}\n"


def page(manifest: Manifest, project: str, rtl: RtlManifest | None, rtl_name: str | None, edited: Sequence[str]) -> str:
    """The bundle's `README.md`.

    Args:
        project: folder of the project in the bundle.
        rtl, rtl_name: generated RTL and its folder, if there is one.
        edited: generated files that somebody changed.
    """
    project = quote(project)
    lines = [
        f"# {manifest.name}",
        "",
        f"Part `{manifest.part}`, clock {manifest.clock_ns:g} ns, for {manifest.backend} HLS.",
        f"{'The C++ and the Verilog are' if rtl is not None else 'The C++ is'} made to equal the model bit by bit. "
        "Whether that was tried, a bundle can't tell.",
        "",
        "    sha256sum --check SHA256SUMS",
        "",
        f"Project `{manifest.key}`. A file that differs from what was generated is named in `fpga_tf_bundle.json`",
        f"({', '.join(f'`{name}`' for name in edited) if edited else 'none is'}).",
        "",
        "Each block of commands begins in the folder of this page. Keep it where no path has a space:",
        "Verilator refuses to build there, and other tools may.",
        "",
        *_trial(manifest.name, project),
        "## C synthesis and what follows",
        "",
        f"With fpga_tf: `fpga-tf synth {project} --steps csynth,cosim,export,impl`. Without:",
        "",
        f"    cd {project}",
        *_commands(tcl_jobs(manifest.name, manifest.backend, STEPS)),
        "",
    ]
    if manifest.backend == "Vitis":
        lines += [
            f"With a configuration file, from Vitis 2023.2 on (results in `{COMPONENT}`):",
            "",
            f"    cd {project}",
        ]
        lines += [*_commands(config_jobs_of(STEPS, "")), ""]
    lines += [f"`{manifest.name}.xdc` has the clock of the IP, for a Vivado project of your own.", ""]
    if rtl is not None and rtl_name is not None:
        lines += ["## The generated Verilog", "", f"    cd {quote(rtl_name)}", *_commands(rtl_jobs()), ""]
        lines += [f"Ports, testbench and constraints: see `{rtl_name}/README.md`.", ""]
    lines += [
        "## Send back",
        "",
        "The folders as they are then, with all reports, as one .tar.gz or .zip: `fpga-tf report FILE --of PROJECT`",
        "reads it. Keep `fpga_tf.json` and `fpga_tf_rtl.json` in them: they tell what the reports are of.",
        "",
    ]
    return "\n".join(lines)


def _trial(top: str, project: str) -> list[str]:
    """How the C++ is tried without a vendor's tool."""
    return [
        "## Without a vendor's tool",
        "",
        "The testbench runs 32 inputs through the C++. The numbers that the model gives are in",
        "`tb_data/tb_output_predictions.dat`; it must say `0 of` some number `differ`.",
        "",
        f"    cd {project}",
        f"    g++ -std=c++14 -O1 -I firmware/ap_types {top}_test.cpp firmware/{top}.cpp -o testbench && ./testbench",
        f"    awk '{_COMPARE}' tb_data/csim_results.log tb_data/tb_output_predictions.dat",
        "",
    ]


def _commands(jobs: Sequence[Job]) -> list[str]:
    lines = []
    for job in jobs:
        lines.append(f"    # {job.label}" + (f"; first {job.told}" if job.told else ""))
        first, *others = job.commands()
        lines += [f"    {first}", *(f"    # before 2023.2: {other}" for other in others)]
    return lines
