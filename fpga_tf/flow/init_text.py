"""A configuration as text: each key with its value and, behind it, the reason for the value."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from fpga_tf.flow.init_data import Found
from fpga_tf.flow.init_model import Formats, Inspected

if TYPE_CHECKING:
    from fpga_tf.flow.init import Wanted

_PLAIN = re.compile(r"(\.{1,2}/)*[A-Za-z_][A-Za-z0-9_./-]*|/[A-Za-z0-9_./-]*")
# What YAML reads as something else than text.
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_COLUMN = 40
_RANDOM = 2000

Entry = tuple[str, object, str]


def config_text(wanted: Wanted, found: Inspected, formats: Formats, data: Found | None) -> str:
    """The whole file."""
    sections: list[tuple[str, list[Entry]]] = [
        ("model", _model(wanted, found, formats)),
        ("quantise", [] if formats.widths is None else _quantise(formats, formats.widths)),
        ("data", [] if data is None or wanted.data is None else _data(wanted, wanted.data, data)),
        ("hls", _hls(wanted, formats)),
        ("simulation", [] if data is not None else _simulation()),
        ("budget", [("latency_us", 2.0, "the default, a part of what a first-level trigger may take")]),
    ]
    lines = [
        f"# {wanted.model.name}, written by `fpga-tf init`. It runs as it stands: fpga-tf run {wanted.out.name}",
        "# All keys, also those with defaults left out here: docs/configuration.md",
        *(f"# {_line(note)}" for note in found.notes),
        _entry(("name", wanted.name, "the file's name; also that of the C++ top function"), ""),
    ]
    for section, entries in sections:
        if entries:
            lines += [f"{section}:", *(_entry(entry, "  ") for entry in entries)]
    return "\n".join(lines) + "\n"


def _model(wanted: Wanted, found: Inspected, formats: Formats) -> list[Entry]:
    kind = {"float": "float", "qkeras": "quantised by QKeras or fpga_tf", "hgq2": "quantised by HGQ2"}
    masks = f", with the mask {', '.join(found.masks)}" if found.masks else ""
    shapes = ", ".join(map(str, found.inputs))
    entries: list[Entry] = [
        (
            "path",
            _from(wanted.model, wanted.out),
            f"{kind[found.frontend]}, {found.layers} layers, input {shapes}{masks}",
        )
    ]
    if formats.input_precision is not None:
        entries.append(("input_precision", formats.input_precision, formats.why))
    return entries


def _quantise(formats: Formats, widths: tuple[int, int]) -> list[Entry]:
    tried = f"with these two {formats.kept} of {formats.samples} calibration jets keep their top class"
    return [
        ("weight_bits", widths[0], tried),
        ("activation_bits", widths[1], "the same; `fpga-tf scan` shows what fewer bits would cost"),
        ("max_samples", 2000, f"jets that formats are chosen on; the trial here took {formats.samples}"),
    ]


def _data(wanted: Wanted, path: Path, data: Found) -> list[Entry]:
    classes = f"classes {', '.join(data.names)}"
    return [
        ("path", _from(path, wanted.out), classes),
        ("x", data.x.name, data.why["x"]),
        ("y", data.y.name, data.why["y"]),
        ("calibration_x", data.calibration.name, data.why["calibration_x"]),
        *([("classes", list(data.classes), data.why["classes"])] if data.classes is not None else []),
        ("signal", data.names[0], data.why["signal"]),
    ]


def _hls(wanted: Wanted, formats: Formats) -> list[Entry]:
    asked = "asked for on the command line"
    auto = "estimates against the budget decide: unrolled if it surely fits, else row by row"
    return [
        ("part", wanted.part, asked if "part" in wanted.given else "a VU13P, as first-level triggers have"),
        ("clock_ns", wanted.clock_ns, asked if "clock" in wanted.given else "200 MHz, which such designs meet"),
        ("io_type", "io_parallel", "all values of a jet at once; io_stream takes them row by row"),
        ("shape", *(("auto", auto) if formats.rows is None else ("parallel", _line(formats.rows)))),
    ]


def _simulation() -> list[Entry]:
    return [("random_samples", _RANDOM, "there is no data: random inputs over the whole range of their formats")]


def _from(path: Path, out: Path) -> str:
    """Relative to the configuration's folder, unless it is far away."""
    relative = Path(os.path.relpath(path.absolute(), out.absolute().parent))
    far = relative.parts[:3] == ("..", "..", "..")
    return os.path.normpath(path.absolute()) if far else str(relative)


def _entry(entry: Entry, indent: str) -> str:
    key, value, why = entry
    text = f"{indent}{key}: {_value(value)}"
    return f"{text:<{_COLUMN}}  # {_line(why)}"


def _value(value: object) -> str:
    """As YAML reads it back."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if plain else json.dumps(value)
    return str(value)


def _line(text: str) -> str:
    """One line, whatever a file has put into it."""
    return "".join(c if c.isprintable() else " " for c in text)
