"""Modules in the XML reports of exported designs: `<RtlModules>`, a list of cells, each named by its path."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from fpga_tf.reports.types import RESOURCES, Resource, SynthesisReport
from fpga_tf.reports.values import integer
from fpga_tf.reports.xml_node import Node

# Designs seen are nested at most ten deep; the cap keeps a made-up one from exhausting Python's stack.
MAX_DEPTH = 64
_ATTRIBUTES = {"DSP": ("DSP", "DSP48"), "BRAM_18K": ("BRAM",)}


def export_modules(root: Node, base: SynthesisReport) -> tuple[str | None, tuple[SynthesisReport, ...]]:
    """The top's name, and the tree of modules below it; nothing if none is named the top.

    Counts that a module does not state are unknown. (The tool leaves out those that are 0.)

    Args:
        root: `<RtlModules>`.
        base: report to take path, format and stage from.

    Raises:
        UserError: two modules have one path, or it is too deep, or a count is no whole number.
    """
    nodes: dict[str, Node] = {}
    for node in root:
        if node.element.tag == "RtlModule":
            cell = node.element.get("CELL", "")
            if cell in nodes:
                raise node.wrong("RtlModule", "given once for a cell", f"twice for {cell[:60]!r}")
            if node.has("RtlModule"):
                raise node.wrong("RtlModule", "beside the others", "in another one")
            if cell.count("/") > MAX_DEPTH:
                raise node.wrong("RtlModule", f"at most {MAX_DEPTH} deep", f"{cell.count('/')}")
            nodes[cell] = node
    tops = [cell for cell, node in nodes.items() if _is_top(node)]
    if len(tops) > 1:
        raise root.wrong("RtlModules", "of one top", f"{len(tops)}")
    if not tops:
        return None, ()
    below: dict[str | None, list[SynthesisReport]] = defaultdict(list)
    for cell in sorted(nodes, key=lambda path: path.count("/"), reverse=True):
        inside = tuple(below.pop(cell, ()))
        if cell in tops:
            below[None] += inside
        else:
            below[_parent(cell, nodes)].append(_module(nodes[cell], base, cell, inside))
    return _name(nodes[tops[0]]), tuple(below[None])


def _name(node: Node) -> str | None:
    return node.element.get("MODULENAME") or node.element.get("ORIG_REF_NAME") or None


def _is_top(node: Node) -> bool:
    return node.element.get("IS_TOP") == "1" or node.element.get("DEPTH") == "0"


def _parent(cell: str, nodes: dict[str, Node]) -> str | None:
    """The nearest cell around; some levels of a path are no modules."""
    while "/" in cell:
        cell = cell.rpartition("/")[0]
        if cell in nodes:
            return cell
    return None


def _module(node: Node, base: SynthesisReport, cell: str, inside: tuple[SynthesisReport, ...]) -> SynthesisReport:
    used = node.at("Resources")

    def count(name: str) -> Resource:
        tags = _ATTRIBUTES.get(name, (name,))
        found = [(tag, text) for tag in tags if (text := used.element.get(tag)) is not None]
        if len(found) > 1:
            raise used.wrong("Resources", f"of one {name}", " and ".join(tag for tag, _ in found))
        return Resource(integer(found[0][1], found[0][0], used.where)) if found else Resource()

    return replace(
        base,
        top=_name(node),
        kind="module",
        instance=cell.rpartition("/")[2],
        resources={name: count(name) for name in RESOURCES},
        modules=inside,
    )
