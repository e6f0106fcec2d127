"""What each layer of the model costs: the modules of a report, mapped back to the layers that they came from.

High-level synthesis names a module after its function and template arguments, `dense_latency_ap_fixed_..._config2_s`,
and an instance after its module, `grp_softmax_..._softmax_config7_s_fu_212`. A layer's modules are told by a name
within these, such as its config struct or its function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fpga_tf.reports.design import LayerCost
from fpga_tf.reports.types import RESOURCES, Interval, Latency, Resource, SynthesisReport

OTHER = "other"
_Modules = Sequence[SynthesisReport]


@dataclass(frozen=True, slots=True)
class LayerNames:
    """A layer and the names by which its modules are known.

    Attributes:
        name: of the layer.
        kind: its class, if known.
        names: each a whole word of a module's name between underscores, such as `config7` or `attention1_query_iq`.
    """

    name: str
    kind: str | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a design besides its reports.

    Attributes:
        layers: of the model that it was made of, in the order of the firmware; empty if they are not known.
        notes: what a reader of its reports should know.
    """

    layers: tuple[LayerNames, ...] = ()
    notes: tuple[str, ...] = ()


def layer_costs(reports: Sequence[SynthesisReport], layers: Sequence[LayerNames] = ()) -> tuple[LayerCost, ...]:
    """Sum the modules of a design by layer.

    A module holds what is inside of it: only the outermost module of a layer is counted, and the inner modules of one
    that belongs to no layer only where they do not belong to one themselves.

    Args:
        reports: of one design.
        layers: in the order of the firmware; empty: each module directly below the top is a row.

    Returns:
        One entry for each layer that has a module, and `other` for modules of no layer, so that the sums are those of
        all modules directly below the top. Empty where no report tells of modules.
    """
    report = tells_of_layers(reports)
    if report is None:
        return ()
    modules = _children(report)
    if not layers:
        return tuple(_by_module(modules))
    rows = _Rows(_Matcher(layers))
    for module in modules:
        rows.add(module)
    return tuple(rows.costs(layers))


def tells_of_layers(reports: Sequence[SynthesisReport]) -> SynthesisReport | None:
    """The report that tells most of how modules nest, one of C synthesis before others; None if none has modules."""
    synthesised = [report for report in reports if report.stage in ("csynth", "estimate") and report.modules]
    known = synthesised or [report for report in reports if report.modules and report.stage != "cosim"]
    return max((report for report in known if _children(report)), key=lambda one: _detail(_children(one)), default=None)


def _children(report: SynthesisReport) -> list[SynthesisReport]:
    """Modules directly below the top."""
    modules = [module for module in report.modules if module.kind != "loop"]
    tops = [module for module in modules if module.top == report.top and module.instance is None]
    if len(tops) == 1:
        inner = [module for module in tops[0].modules if module.kind != "loop"]
        return inner or [module for module in modules if module is not tops[0]]
    return modules


def _detail(modules: _Modules) -> tuple[bool, bool, bool]:
    """Nested modules tell most; without nesting or instances, children stand beside their parents and count twice."""
    nested = any(inner.kind != "loop" for module in modules for inner in module.modules)
    timed = any(module.latency_cycles.max is not None for module in modules)
    return nested, any(module.instance is not None for module in modules), timed


def _by_module(modules: _Modules) -> Iterable[LayerCost]:
    groups: dict[str, list[SynthesisReport]] = {}
    for module in modules:
        groups.setdefault(module.top or module.instance or OTHER, []).append(module)
    return (_cost(name, None, group) for name, group in groups.items())


class _Matcher:
    """Finds the layer of a module by the longest name within its own."""

    def __init__(self, layers: Sequence[LayerNames]) -> None:
        self.owners: dict[str, str] = {}
        for layer in layers:
            for name in layer.names:
                # a name of two layers tells neither
                self.owners[name] = layer.name if self.owners.get(name, layer.name) == layer.name else ""
        words = sorted((name for name in self.owners if name), key=lambda name: -len(name))
        self.pattern = re.compile(rf"(?:^|_)({'|'.join(map(re.escape, words))})(?=_|$)") if words else None

    def layer(self, module: SynthesisReport) -> str | None:
        """Name of the layer. None if no name fits, or names of several layers do."""
        for text in (module.top, module.instance):
            if text is None or self.pattern is None:
                continue
            found = [match[1] for match in self.pattern.finditer(text)]
            owners = {self.owners[name] for name in found if len(name) == max(map(len, found))} - {""}
            if len(owners) == 1:
                return owners.pop()
        return None


@dataclass
class _Rows:
    """Modules by layer, and what belongs to none."""

    matcher: _Matcher
    owned: dict[str, list[SynthesisReport]] = field(default_factory=dict)
    other: list[SynthesisReport] = field(default_factory=list)
    inner: list[SynthesisReport] = field(default_factory=list)

    def add(self, module: SynthesisReport) -> None:
        """Count a module: to its layer, or to `other` less what is inside of it and has a layer."""
        pending, outer = [module], True
        while pending:
            one = pending.pop()
            layer = self.matcher.layer(one)
            if layer is not None:
                self.owned.setdefault(layer, []).append(one)
                if not outer:
                    self.inner.append(one)
                outer = False
                continue
            if outer:
                self.other.append(one)
            outer = False
            pending.extend(inner for inner in reversed(one.modules) if inner.kind != "loop")

    def costs(self, layers: Sequence[LayerNames]) -> Iterable[LayerCost]:
        """Rows of the layers in their order, then `other`."""
        for layer in layers:
            if layer.name in self.owned:
                yield _cost(layer.name, layer.kind, self.owned.pop(layer.name))
        if self.other:
            yield _cost(OTHER, None, self.other, self.inner)


def _cost(name: str, kind: str | None, modules: _Modules, less: _Modules = ()) -> LayerCost:
    # what is left of a module without those inside of it has no latency of its own
    latencies = [Latency() if less else module.latency_cycles for module in modules]
    intervals = [Interval() if less else module.interval_cycles for module in modules]
    return LayerCost(
        name=name,
        kind=kind,
        modules=tuple(module.instance or module.top or "" for module in modules),
        latency_cycles=Latency(*(_slowest(getattr(one, key) for one in latencies) for key in ("min", "avg", "max"))),
        interval_cycles=Interval(*(_slowest(getattr(one, key) for one in intervals) for key in ("min", "max"))),
        resources={resource: _sum(resource, modules, less) for resource in RESOURCES},
    )


def _slowest(values: Iterable[int | None]) -> int | None:
    """The largest; None where one is not known, as that may be the slowest."""
    known = list(values)
    return None if None in known else max((value for value in known if value is not None), default=None)


def _sum(resource: str, modules: _Modules, less: _Modules) -> Resource:
    """Used by modules less inner ones, unknown if these are said to use more; what is available is the same for all."""
    plus, minus = (_total(resource, group) for group in (modules, less))
    available = next((value for module in modules if (value := _of(module, resource).available) is not None), None)
    return Resource(None if plus is None or minus is None or minus > plus else plus - minus, available)


def _total(resource: str, modules: _Modules) -> int | None:
    counts = [_of(module, resource).used for module in modules]
    return None if None in counts else sum(count for count in counts if count is not None)


def _of(module: SynthesisReport, resource: str) -> Resource:
    modules: Mapping[str, Resource] = module.resources
    return modules.get(resource, Resource())
