"""A run's result as it lies in the project, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.files import RTL_MANIFEST
from fpga_tf.flow.dataflow import estimate_of
from fpga_tf.flow.project import RESULT
from fpga_tf.hls.manifest import Manifest
from fpga_tf.reports.estimate import FORMAT, TOOL
from fpga_tf.reports.types import RESOURCES, Clock, Interval, Latency, Resource, SynthesisReport
from fpga_tf.verdict.agreement import Agreement
from fpga_tf.verdict.dataflow import DataflowResult, Fifos
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.physics import Physics
from fpga_tf.verdict.rtl import RtlResult
from fpga_tf.verdict.verdict import STAGES, RunResult, Step


def read_result(project: Path, manifest: Manifest) -> RunResult:
    """What the last run of a project found.

    Raises:
        UserError: it was not run since it was made, or the file is damaged.
    """
    path = project / RESULT
    try:
        return _result(json.loads(path.read_text(encoding="utf-8")), project, manifest)
    except FileNotFoundError as error:
        raise UserError(
            f"a project must hold {RESULT}, which a run leaves there",
            where=str(project),
            hint=f"run it first: fpga-tf simulate {project}",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, UserError) as error:
        raise UserError(
            f"{RESULT} must be as it was written, not damaged ({type(error).__name__})",
            where=str(path),
            hint=f"run it again: fpga-tf simulate {project}",
        ) from error


def _result(data: Mapping[str, Any], project: Path, manifest: Manifest) -> RunResult:
    physics = {stage: data["physics"][stage] for stage in STAGES}
    found = RunResult(
        project=str(project),
        agreement=None if data["agreement"] is None else Agreement.from_json(data["agreement"]),
        gates=tuple(Gate(**gate) for gate in data["gates"]),
        budget=tuple(Gate(**gate) for gate in data["budget"]),
        physics={stage: None if one is None else Physics.from_json(one) for stage, one in physics.items()},
        top_class_changes=dict(data["physics"]["top_class_changes"]),
        steps=tuple(Step(**step) for step in data["steps"]),
        throughput=dict(data.get("throughput", {})),
        notes=tuple(str(note) for note in data.get("notes", ())),
        rtl=None if data["rtl"] is None else _rtl(data["rtl"]),
        dataflow=None if data["dataflow"] is None else _dataflow(data["dataflow"], project, manifest),
    )
    if found.verdict != data["verdict"]:
        raise ValueError("verdict")
    return found


def _rtl(data: Mapping[str, Any]) -> RtlResult:
    estimate = data["estimate"]
    errors = {"clock_ns.estimated": estimate["clock_ns"]["error"]}
    errors |= {f"resources.{name}.used": estimate[name]["error"] for name in RESOURCES}
    believed = SynthesisReport(
        path=str(Path(data["folder"]) / RTL_MANIFEST),
        format=FORMAT,
        stage="estimate",
        tool=TOOL,
        part=data["part"],
        clock_ns=Clock(data["clock_ns"], estimated=estimate["clock_ns"]["value"]),
        latency_cycles=Latency(data["stages"], None, data["stages"]),
        interval_cycles=Interval(1, 1),
        resources={name: Resource(estimate[name]["value"]) for name in RESOURCES},
        errors={name: error for name, error in errors.items() if error},
    )
    return RtlResult(
        folder=data["folder"],
        edited=tuple(data["edited"]),
        agreement=None if data["agreement"] is None else Agreement.from_json(data["agreement"]),
        latency_cycles=data["latency_cycles"],
        interval_cycles=data["interval_cycles"],
        samples_per_second=data["samples_per_second"],
        problems=tuple(data["problems"]),
        levels=data["levels"],
        estimate=believed,
        missing=data["missing"],
        costs={node: dict(kinds) for node, kinds in data["costs"].items()},
    )


def _dataflow(data: Mapping[str, Any], project: Path, manifest: Manifest) -> DataflowResult:
    return DataflowResult(
        estimate=estimate_of(manifest, project),
        processes=data["processes"],
        fifos=Fifos(**data["fifos"]),
        stored_rows=data["fifo_rows"],
        unrolled=tuple(data["unrolled"]),
    )
