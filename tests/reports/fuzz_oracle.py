"""What a report of a damaged file may say: no number but the whole file's, and no number that can't be.

Not held against a reader, as nothing in the file tells it:

- which module a module or loop is in, when a line above it is lost;
- how often a function is called of which a summary names no instance: it lists each call, in lines all alike;
- the date, which is no number;
- that a name, part, version or status was cut or broken, or a digit of a name is lost;
- the stage, when its line is lost: it is then "estimate";
- a count of something else than the five resources, which the whole file states in a table that is not read.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from fpga_tf.reports.types import RESOURCES, SynthesisReport

Values = Mapping[str, object]
# Of one part of the report (the design, a module, a loop, a clock, a region).
_SPANS = (
    ("latency_cycles.min", "latency_cycles.avg", "latency_cycles.max"),
    ("interval_cycles.min", "interval_cycles.max"),
    ("latency_ns.min", "latency_ns.max"),
    ("loop.trip_count_min", "loop.trip_count_max"),
    ("loop.iteration_latency_min", "loop.iteration_latency_max"),
)
_SIGNED = ("slack", "setup_total", "hold_total", "pulse_total")
_FLOATS = ("clock_ns.", "latency_ns.", "power_w.", "timing.", "period", "setup_slack", "hold_slack", "pulse_slack")
_COUNTS = ("timing.failing", "timing.endpoints")
_CUT = ("top", "part", "version", "status")
_NAMES = ("path", "notes", "modules", "regions", "kind", "instance", "date")


def parts(report: SynthesisReport) -> Iterator[tuple[str, Values]]:
    """The design, then every module, loop, region and clock in it: a name, and all that is known of it, by quantity.

    A part's name is not its place: one whose place in the tree is lost keeps its numbers.
    """
    waiting = [("design", report)]
    while waiting:
        name, part = waiting.pop()
        content = part.to_json()
        if name != "design":
            del content["top"]
        clocks = (content["timing"] or {}).pop("clocks", ())
        yield name, dict(_known("", {key: value for key, value in content.items() if key not in _NAMES}))
        for region in content["regions"]:
            yield f"{name}, region {region.pop('name')}", dict(_known("", region))
        for clock in clocks:
            yield f"{name}, clock {clock.pop('name')}", dict(_known("", clock))
        waiting += [(_name(module), module) for module in part.modules]


def _name(module: SynthesisReport) -> str:
    return f"{module.kind} {module.instance} of {module.top}"


def _siblings(report: SynthesisReport) -> Counter[tuple[str, str]]:
    """How often a module names another one as inside of it, instances only."""
    found: Counter[tuple[str, str]] = Counter()
    waiting = [("design", report)]
    while waiting:
        name, part = waiting.pop()
        found.update((name, _name(module)) for module in part.modules if module.instance is not None)
        waiting += [(_name(module), module) for module in part.modules]
    return found


def _known(prefix: str, content: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _known(f"{prefix}{key}.", value)
        elif isinstance(value, list):
            yield from ((f"{prefix}{key}[{entry}]", entry) for entry in value)
        elif value is not None:
            yield prefix + key, value


def false_values(report: SynthesisReport, truth: SynthesisReport) -> list[str]:
    """What a report says that the true one does not, and what it says more often."""
    true: dict[str, list[Values]] = defaultdict(list)
    for name, values in parts(truth):
        true[name].append(values)
        true[_kind(name)].append(values)
    wrong = []
    for name, values in parts(report):
        # A part whose name was damaged is some part of its kind
        differences = [_differences(values, others) for others in true.get(name) or true[_kind(name)]]
        wrong += [f"{name}: {text}" for text in min(differences, key=len, default=["not in the whole file"])]
    times = _siblings(truth)
    wrong += [f"{pair[1]}: {n} times in {pair[0]}" for pair, n in _siblings(report).items() if n > times[pair] > 0]
    return wrong


def _kind(name: str) -> str:
    return f"any {name.rpartition(', ')[2].partition(' ')[0]}"


def _differences(values: Values, others: Values) -> list[str]:
    return [
        f"{name} {value!r}, not {others.get(name)!r}"
        for name, value in values.items()
        if others.get(name) != value and not _excused(name, value, others.get(name))
    ]


def _excused(name: str, value: object, true: object) -> bool:
    """Whether a damaged file may say this, which the whole one does not."""
    if name in _CUT:
        lost = r"[\s\d]" if name == "status" else r"\s"  # a status may hold a date
        return re.sub(lost, "", str(true)).startswith(re.sub(lost, "", str(value)))
    return (name == "stage" and value == "estimate") or (name.startswith("counts.") and true is None)


def best_of(report: SynthesisReport, truths: Sequence[SynthesisReport]) -> list[str]:
    """As `false_values`, by the one of several true reports that it fits best; empty if there is none to hold it to."""
    return min((false_values(report, truth) for truth in truths), key=len, default=[])


def insane_values(report: SynthesisReport, path: str, formats: Sequence[str]) -> list[str]:
    """What no report may say, whatever the file."""
    wrong = [f"{name}: {text}" for name, values in parts(report) for text in _insane(values)]
    if report.format not in formats or report.path != path:
        wrong.append(f"format {report.format!r} or path {report.path!r}")
    if set(report.resources) != set(RESOURCES):
        wrong.append(f"resources {sorted(report.resources)}")
    try:
        json.dumps(report.to_json(), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        wrong.append(f"no JSON: {error}")
    return wrong


def _insane(values: Values) -> Iterator[str]:
    for name, value in values.items():
        whole = name in _COUNTS or not name.startswith(_FLOATS)
        if isinstance(value, float) and (whole or not math.isfinite(value)):
            yield f"{name} {value!r} is no count"
        elif isinstance(value, int) and not isinstance(value, bool) and not whole:
            yield f"{name} {value!r} is no decimal number"
        elif isinstance(value, str) and "\n" in value:
            yield f"{name} {value!r} is not one line"
        elif isinstance(value, int | float) and value < 0 and not name.endswith(_SIGNED):
            yield f"{name} {value!r} is negative"
    for span in _SPANS:
        found = [value for name in span if isinstance(value := values.get(name), int | float)]
        yield from (f"{span[0]} {found} is not in order" for _ in chain([0]) if found != sorted(found))
