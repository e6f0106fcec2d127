"""Published transformers with a reuse factor: what was published, what their schedule gives here, and our shape.

Nothing is synthesised. Cycles are at a clock of 5 ns; heads are side by side.
"""

from __future__ import annotations

from fpga_tf.process import Loop
from fpga_tf.reports.dataflow_costs import UNCERTAINTY, loop_cycles
from fpga_tf.reports.dataflow_fit import derived, fit, ratios
from fpga_tf.reports.estimate_dataflow import ERRORS, TURN, resources
from fpga_tf.reports.published_dataflow import DEVICE, ROWS, SHARES, TARGET_NS, Row, interval, latency
from fpga_tf.reports.published_networks import Architecture, network
from fpga_tf.schedule import Schedule, simulate


def ours(model: Architecture, reuse: int, *, ahead: bool) -> Schedule:
    """Our shape, simulated."""

    def cycles_of(loop: Loop) -> int:
        return loop_cycles(loop, TARGET_NS, UNCERTAINTY)

    return simulate(network(model, reuse, ahead=ahead), cycles_of, turn=TURN)


def line(row: Row) -> str:
    """A row of the table."""
    found = interval(row, TURN), latency(row, TURN)
    offs = row.interval / found[0] - 1, row.latency / found[1] - 1
    shallow, ahead = (ours(row.model, row.reuse, ahead=one) for one in (False, True))
    return (
        f"| {row.name} | {row.interval} | {found[0]} | {offs[0] * 100:+.1f} % | {row.latency} | {found[1]} | "
        f"{offs[1] * 100:+.1f} % | {shallow.interval[1]} | {ahead.interval[1]} | {ahead.latency} |"
    )


def main() -> None:
    print("| design | interval | modelled | off | latency | modelled | off | ours: interval | FIFOs ahead | latency |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for row in ROWS:
        print(line(row))
    print()
    print("| design | resource | R | published | estimate |")
    print("|---|---|---|---:|---:|")
    for share in SHARES:
        error = ERRORS[f"resources.{share.resource}.used"]
        for reuse in share.reuse:
            used = resources(derived(share.model, reuse))[share.resource].used or 0
            percent = 100 * used / DEVICE[share.resource]
            print(f"| {share.model.name} | {share.resource} | {reuse} | {share.low:g} to {share.high:g} % | "
                  f"{percent:.0f} % ± {error * 100:.0f} % |")  # fmt: skip
    print()
    print(fit())
    for resource in ("DSP", "LUT", "FF"):
        print(resource, [(share.model.name, share.reuse, round(ratio, 3)) for share, ratio in ratios(resource)])


if __name__ == "__main__":
    main()
