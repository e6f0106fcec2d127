"""What clocking generated RTL showed: cycles of latency and between samples, counted by Verilator."""

from __future__ import annotations

from fpga_tf.reports.types import Clock, Interval, Latency, SynthesisReport

FORMAT, TOOL = "rtl_simulation", "Verilator"


def simulated(
    *,
    latency: int | None,
    interval: int | None,
    transactions: int,
    passed: bool,
    top: str,
    part: str | None,
    clock_ns: float | None,
    path: str,
) -> SynthesisReport:
    """A report of stage `rtlsim`.

    Args:
        latency: cycles from the register of the inputs to that of the outputs; None if the simulation gave none.
        interval: cycles between two samples.
        transactions: samples that were clocked.
        passed: whether every output was as the model's; if not, the cycles count for nothing when reports are combined.
        top: name of the module.
        part: device part of the project.
        clock_ns: its clock target in ns.
        path: folder of the RTL.
    """
    return SynthesisReport(
        path=path,
        format=FORMAT,
        stage="rtlsim",
        tool=TOOL,
        part=part,
        top=top,
        status="Pass" if passed else "Fail",
        clock_ns=Clock(target=clock_ns),
        latency_cycles=Latency(latency, latency, latency),
        interval_cycles=Interval(interval, interval),
        transactions=transactions,
    )
