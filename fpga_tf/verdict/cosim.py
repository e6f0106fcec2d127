"""The gate on co-simulation: did the RTL compute what C did?"""

from __future__ import annotations

from fpga_tf.reports.design import Design
from fpga_tf.reports.simulated import passed
from fpga_tf.verdict.gates import Gate

COSIM = "cosim"


def cosim_gates(design: Design, *, asked: bool = False) -> list[Gate]:
    """One gate if the design was co-simulated: it fails if any run failed.

    Args:
        design: the design.
        asked: whether the gate must be there even without a co-simulation; it is unknown then.
    """
    runs = [report for report in design.reports if report.stage == "cosim"]
    told = [report for report in runs if passed(report) is not None]
    failed = [report for report in told if not passed(report)]
    source = ", ".join(dict.fromkeys([COSIM, *(report.path for report in failed or told)]))
    if failed:
        return [Gate(COSIM, 0, len(failed), "failures", source, "fail")]
    if told:
        return [Gate(COSIM, 0, 0, "failures", source, "pass")]
    if runs or asked:
        missing = "a co-simulation's status; run co-simulation (cosim_design)"
        return [Gate(COSIM, 0, None, "failures", None, "unknown", missing)]
    return []
