"""What the pages name must exist, and what exists must be named: links, commands, options, keys, exit codes, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml

from fpga_tf import errors
from fpga_tf.cli import main
from fpga_tf.flow.config import config_schema
from fpga_tf.reports.estimate import Counts, estimate
from fpga_tf.verdict.agreement import Agreement, SetAgreement, WorstSample
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.physics import Physics, WorkingPoint
from fpga_tf.verdict.rtl import RtlResult
from fpga_tf.verdict.verdict import RunResult, Step, exit_code

from .pages import DOCS, ROOT, anchors, blocks, links, pages, prose, rows

CLI, CONFIGURATION = DOCS / "cli.md", DOCS / "configuration.md"
SECTIONS = {
    "Top level": None, "model": "ModelConfig", "quantise": "QuantiseConfig", "requantise": "RequantiseConfig",
    "data": "DataConfig", "hls": "HlsConfig", "hls.layers": "LayerConfig",
    "rtl": "RtlConfig", "rtl.delay": "DelayConfig",
    "simulation": "SimulationConfig", "gates": "GatesConfig", "budget": "BudgetConfig", "Shares": "Shares",
    "sweep": "SweepConfig", "sweep.train": "TrainConfig", "sweep.cluster": "ClusterConfig",
}  # fmt: skip
COMMAND = re.compile(r"fpga-tf +([a-z]\S*)([^\n|;&>`]*)")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        if re.match(r"https?://", target):
            continue
        name, _, anchor = target.partition("#")
        found = page if not name else (page.parent / name).resolve()
        assert found.is_relative_to(ROOT) and found.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(found), f"{page}: {target}"


def test_every_page_is_in_an_index() -> None:
    for folder in (DOCS, DOCS / "decisions"):
        index = folder / "README.md"
        listed = {(folder / target.partition("#")[0]).resolve() for target in links(index)}
        assert {page for page in folder.glob("*.md") if page != index} <= listed


def options(command: click.Command) -> set[str]:
    context = click.Context(command, **main.cli.context_settings)
    return {name for parameter in command.get_params(context) for name in parameter.opts if name.startswith("-")}


def snippets() -> Iterator[tuple[Path, str]]:
    """Every line of code of every page: lines of blocks, and inline code."""
    for page in pages():
        yield from ((page, line) for block in blocks(page) for line in block.text.splitlines())
        yield from ((page, line.strip()) for line in prose(page).splitlines() if line.startswith("    "))
        yield from ((page, code) for code in re.findall(r"`([^`\n]+)`", prose(page)))


def test_commands_and_their_options_exist() -> None:
    seen = 0
    for page, code in snippets():
        for name, rest in COMMAND.findall(code):
            assert name in main.cli.commands, f"{page}: {code}"
            given = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest))
            assert given <= options(main.cli.commands[name]), f"{page}: {code}"
            seen += 1
        if code.startswith(("--", "scripts/run ")):
            given = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", code))
            known = set().union(options(main.cli), *map(options, main.cli.commands.values()))
            assert given <= known, f"{page}: {code}"
    assert seen > 20


def test_the_page_of_the_command_line_names_everything() -> None:
    commands = {re.split(r"[ `]+", row[0])[2] for row in rows(CLI, "Command line")}
    assert commands == set(main.cli.commands)
    table = {
        option: set(row[1].split(", ")) for row in rows(CLI, "Options") for option in re.findall(r"-[-a-z]+", row[0])
    }
    found: dict[str, set[str]] = {"--version": {"fpga-tf itself"}}
    for name, command in main.cli.commands.items():
        for option in options(command):
            found.setdefault(option, set()).add(name)
    everywhere = {option: {"all"} if of == set(main.cli.commands) else of for option, of in found.items()}
    assert table == everywhere


def test_every_option_has_a_help() -> None:
    for command in main.cli.commands.values():
        assert command.help
        assert all(p.help for p in command.params if isinstance(p, click.Option))


def test_exit_codes_are_those_of_the_code() -> None:
    kinds = (errors.UserError, errors.ToolError, errors.InternalError)
    verdicts = ("pass", "fail", "incomplete")
    found = {exit_code(v, strict=strict) for v in verdicts for strict in (False, True)}
    found |= {kind.exit_code for kind in kinds}
    found |= {main._INTERRUPTED, main._NO_READER, main._TERMINATED}
    assert [int(row[0]) for row in rows(CLI, "Exit codes")] == sorted(found)


@pytest.mark.parametrize(("page", "heading"), [(CLI, "Verdicts"), (ROOT / "README.md", "What the verdict means")])
def test_exit_codes_of_verdicts(page: Path, heading: str) -> None:
    stated = {row[0].strip("`"): tuple(map(int, re.findall(r"\d", row[2]))) for row in rows(page, heading)}
    verdicts = ("pass", "fail", "incomplete")
    codes = {v: tuple(dict.fromkeys((exit_code(v), exit_code(v, strict=True)))) for v in verdicts}
    assert stated == codes


def properties(section: str) -> tuple[dict[str, Any], set[str]]:
    schema = config_schema()
    found = schema if SECTIONS[section] is None else schema["$defs"][SECTIONS[section]]
    return found["properties"], set(found.get("required", ()))


def test_every_section_of_a_configuration_has_a_table() -> None:
    assert {name for name in SECTIONS.values() if name} == set(config_schema()["$defs"])


@pytest.mark.parametrize("section", SECTIONS)
def test_configuration_has_the_keys_of_the_schema(section: str) -> None:
    keys, required = properties(section)
    table = {row[0].strip("`"): row for row in rows(CONFIGURATION, section)}
    assert list(table) == list(keys)
    for key, (_, value, default, meaning) in table.items():
        assert meaning
        assert (default == "required") == (key in required), key
        if default not in ("required", "its defaults"):
            assert yaml.safe_load(default.strip("`")) == without_nulls(keys[key]["default"]), key
        for bound in bounds(keys[key]):
            assert bound in re.findall(r"[\d.]+", value), f"{key}: {bound}"
        for choice in keys[key].get("enum", ()):
            assert choice in value.split(", "), key


def without_nulls(value: Any) -> Any:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def bounds(schema: dict[str, Any]) -> Iterator[str]:
    """Smallest and largest values, as one writes them; the page says those of shares once for all."""
    for part in (schema, *schema.get("anyOf", ())):
        if part.get("x-unit") != "share":
            names = ("minimum", "maximum", "exclusiveMinimum", "minItems", "maxItems")
            yield from (f"{part[name]:.12g}" for name in names if name in part)


def test_configurations_on_the_pages_are_valid() -> None:
    schema = config_schema()
    found = 0
    for page in pages():
        for block in blocks(page):
            if block.language == "yaml":
                jsonschema.validate(yaml.safe_load(block.text), schema)
                found += 1
    assert found >= 6


def shape(value: Any) -> Any:
    """Keys at every level; the first entry stands for a list, null for anything."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def result() -> RunResult:
    point = WorkingPoint(0.5, 35.95, None)
    points = {name: {"0.5": point, "0.7": point} for name in ("c", "light")}
    physics = Physics(12000, 0.7655, {"b": 0.9, "c": 0.7, "light": 0.9}, "b", points)
    return RunResult(
        project="project",
        agreement=Agreement(0, 39072, 0, None, (SetAgreement("evaluation", 0, 36000, 0),), ()),
        gates=(Gate("agreement", 0, 0, "outputs", "C-simulation", "pass"),),
        budget=(Gate("latency_us", 2.0, None, "us", None, "unknown", "no report"),),
        physics={"float": physics},
        top_class_changes=dict.fromkeys(("quantised_to_csim", "float_to_quantised", "float_to_csim"), 0.0),
        steps=(Step("read", 0.2),),
        throughput={"csim_samples_per_second": 1.0},
        notes=("note",),
        rtl=rtl(),
    )


def rtl() -> RtlResult:
    one = estimate(Counts(1000, 100, 5, 2), top="t", part="xcvu13p-flga2577-2-e", clock_ns=5.0, path="p")
    agreement = Agreement(0, 39072, 0, None, (SetAgreement("evaluation", 0, 36000, 0),), ())
    return RtlResult(
        "folder",
        (),
        agreement,
        5,
        1,
        1.0,
        (),
        2.0,
        one,
        None,
        {"attention_scores": {"multiplications": 1.0}},
        {2.0: one},
    )


def test_the_json_of_a_result_is_as_shown() -> None:
    (shown,) = [json.loads(b.text) for b in blocks(CLI) if (b.language, b.argument) == ("json", "result")]
    assert shape(shown) == shape(result().to_json())
    worst = WorstSample("random", 1, 2, 3, 4)
    page = CLI.read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in worst.__slots__)
