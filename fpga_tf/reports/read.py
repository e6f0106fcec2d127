"""Reads any report: the format is told by the content, never by the file's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.reports import (
    aoc_quartus,
    catapult,
    cosim_latency,
    cosim_rpt,
    cosim_transactions,
    csynth_rpt,
    csynth_summary,
    csynth_xml,
    export_rpt,
    export_text,
    export_xml,
    oneapi_loops,
    oneapi_quartus,
    oneapi_summary,
    quartus_fit,
    quartus_sta,
    vivado_accelerator,
    vivado_hierarchy,
    vivado_paths,
    vivado_power,
    vivado_timing,
    vivado_utilization,
)
from fpga_tf.reports.refused import refuse
from fpga_tf.reports.source import Source, open_source
from fpga_tf.reports.types import SynthesisReport


@dataclass(frozen=True, slots=True)
class Reader:
    """A format.

    Attributes:
        format: its name.
        what: what such a file is, for people.
        claims: whether a file is of this format, by its content alone. Cheap; never raises for text.
        read: the reader; raises UserError for a file that it claimed but can't understand.
    """

    format: str
    what: str
    claims: Callable[[Source], bool]
    read: Callable[[Source], SynthesisReport]


READERS = (
    Reader(csynth_xml.FORMAT, "C synthesis, XML", csynth_xml.claims, csynth_xml.read),
    Reader(csynth_rpt.FORMAT, "C synthesis, text (<top>_csynth.rpt)", csynth_rpt.claims, csynth_rpt.read),
    Reader(csynth_summary.FORMAT, "C synthesis, summary (csynth.rpt)", csynth_summary.claims, csynth_summary.read),
    Reader(cosim_rpt.FORMAT, "co-simulation (<top>_cosim.rpt)", cosim_rpt.claims, cosim_rpt.read),
    Reader(cosim_latency.FORMAT, "co-simulation's latency (lat.rpt)", cosim_latency.claims, cosim_latency.read),
    Reader(
        cosim_transactions.FORMAT,
        "co-simulation's transactions (result.transaction.rpt)",
        cosim_transactions.claims,
        cosim_transactions.read,
    ),
    Reader(
        export_rpt.FORMAT,
        "Vivado's results for an exported design (<top>_export.rpt)",
        export_rpt.claims,
        export_rpt.read,
    ),
    Reader(export_xml.FORMAT, "the same in XML (export_syn.xml, export_impl.xml)", export_xml.claims, export_xml.read),
    Reader(
        vivado_utilization.FORMAT,
        "Vivado's resources of a design (report_utilization)",
        vivado_utilization.claims,
        vivado_utilization.read,
    ),
    Reader(
        vivado_hierarchy.FORMAT,
        "the same by instance (report_utilization -hierarchical)",
        vivado_hierarchy.claims,
        vivado_hierarchy.read,
    ),
    Reader(
        vivado_accelerator.FORMAT,
        "Vitis' resources of kernels (kernel_util_*.rpt)",
        vivado_accelerator.claims,
        vivado_accelerator.read,
    ),
    Reader(vivado_timing.FORMAT, "Vivado's timing summary", vivado_timing.claims, vivado_timing.read),
    Reader(vivado_paths.FORMAT, "Vivado's list of timing paths", vivado_paths.claims, vivado_paths.read),
    Reader(vivado_power.FORMAT, "Vivado's power report", vivado_power.claims, vivado_power.read),
    Reader(quartus_fit.FORMAT, "Quartus' fitter report (*.fit.rpt)", quartus_fit.claims, quartus_fit.read),
    Reader(quartus_sta.FORMAT, "Quartus' timing report (*.sta.rpt)", quartus_sta.claims, quartus_sta.read),
    Reader(
        oneapi_quartus.FORMAT,
        "Quartus' results for Intel's HLS (quartus.ndjson, quartus.json)",
        oneapi_quartus.claims,
        oneapi_quartus.read,
    ),
    Reader(
        oneapi_summary.FORMAT,
        "estimated resources of Intel's HLS (summary.ndjson, summary.json)",
        oneapi_summary.claims,
        oneapi_summary.read,
    ),
    Reader(
        oneapi_loops.FORMAT,
        "loops of Intel's HLS (loop_attr.ndjson, loop_attr.json)",
        oneapi_loops.claims,
        oneapi_loops.read,
    ),
    Reader(catapult.FORMAT, "Catapult's reports (rtl.rpt, cycle.rpt)", catapult.claims, catapult.read),
    Reader(
        export_text.FORMAT,
        "the same as text (export_syn.rpt, export_impl.rpt)",
        export_text.claims,
        export_text.read,
    ),
    Reader(
        aoc_quartus.FORMAT,
        "Quartus' results as aoc lists them (acl_quartus_report.txt)",
        aoc_quartus.claims,
        aoc_quartus.read,
    ),
)


def read_report(path: Path) -> SynthesisReport:
    """Read one report of any format.

    Raises:
        UserError: no such file, no report of a known format, or one that can't be understood.
        ToolError: the file can't be read.
    """
    return read_source(open_source(path))


def claim(source: Source) -> list[Reader]:
    """Readers of formats that a file is of: one for a report, none for other files.

    Raises:
        UserError: the content is no text.
    """
    return [reader for reader in READERS if reader.claims(source)]


def read_source(source: Source) -> SynthesisReport:
    """As `read_report`, of content that was read already.

    Raises:
        UserError: no report of a known format, or one that can't be understood.
    """
    return read_claimed(source, claim(source))


def read_claimed(source: Source, claimed: Sequence[Reader]) -> SynthesisReport:
    """As `read_source`, where `claim` was asked already.

    Raises:
        UserError: no report of a known format, or one that can't be understood.
    """
    if len(claimed) > 1:
        names = " and ".join(reader.format for reader in claimed)
        raise UserError(f"a report must be of one format, not of {names}", where=source.path)
    if not claimed:
        raise refuse(source) or UserError(
            "the file must be a report of a known format, not something else",
            where=source.path,
            hint="known are: " + ", ".join(reader.what for reader in READERS),
        )
    return claimed[0].read(source)
