"""Which classes a Keras configuration names, and whether reading them is safe.

Keras builds whatever class a configuration names. Here every reference is held against a list of modules, and layers
that carry code or read other files are refused by name, before Keras sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fpga_tf.errors import UserError

_MODULES = re.compile(
    r"keras(\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies|quantizers|ops"
    r"|src\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies|quantizers|ops)"
    r"(\.[a-z0-9_]+)*))?"
    r"|(qkeras|hgq|quantizers|fpga_tf\.layers)(\.[A-Za-z0-9_]+)*"
)
_PACKAGES = ("fpga_tf", "qkeras", "hgq", "quantizers")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_DATA = {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"}
_CODE = {"Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
_FILES = {"StringLookup", "IntegerLookup", "TextVectorization"}


def check_references(config: dict[str, Any], where: str) -> set[str]:
    """Hold all class references of a configuration against what may be built.

    Args:
        config: the parsed configuration of a model.
        where: the file's name for errors.

    Returns:
        The top-level packages beside Keras that the configuration names: "qkeras", "hgq", "fpga_tf", "quantizers".

    Raises:
        UserError: a class of another module, a Lambda or another layer that carries code.
    """
    packages: set[str] = set()
    for reference, place in _placed(config, where):
        packages |= _check(reference, place)
    return packages


def refused_references(config: dict[str, Any], where: str) -> list[UserError]:
    """All that `check_references` refuses, each once."""
    found: dict[tuple[str, str | None], UserError] = {}
    for reference, place in _placed(config, where):
        try:
            _check(reference, place)
        except UserError as error:
            found.setdefault((error.what, error.where), error)
    return list(found.values())


def _placed(config: dict[str, Any], where: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Every class reference, with its place for errors."""
    top = {k: v for k, v in config.items() if k != "compile_config"}  # never built: models are loaded for inference
    for reference, layer in _references(top, ""):
        yield reference, f"{where}, layer {layer!r}" if layer else where


def _references(value: Any, layer: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Every dict that names a class, with the name of the innermost layer around it."""
    stack: list[tuple[Any, str]] = [(value, layer)]
    while stack:
        found, name = stack.pop()
        if isinstance(found, list):
            stack.extend((v, name) for v in reversed(found))
        elif isinstance(found, dict):
            if "class_name" in found or "module" in found or "registered_name" in found:
                own = found.get("config")
                given = own.get("name") if isinstance(own, dict) else None
                name = given[:100] if isinstance(given, str) else name
                yield found, name
            stack.extend((v, name) for v in reversed(list(found.values())))


def _check(reference: dict[str, Any], where: str) -> set[str]:
    name, module, registered = (reference.get(k) for k in ("class_name", "module", "registered_name"))
    for key, text in (("class_name", name), ("module", module), ("registered_name", registered)):
        if not isinstance(text, str | None):
            raise UserError(f"a model's {key} must be a text, not {str(text)[:100]!r}", where=where)
    names = {n.rpartition(">")[2] for n in (name, registered) if n}
    if names & _CODE:
        kind = "Lambda" if names & {"Lambda", "__lambda__"} else min(names & _CODE)
        raise UserError(
            f"a model must be made of layers, not of code ({kind})", where=where, hint="replace it by a layer"
        )
    if names & _FILES:
        raise UserError(f"a model must hold all that it needs, not read tables ({min(names & _FILES)})", where=where)
    if name in _DATA and module is None:
        return set()
    packages = {_package(n, where) for n in (name, registered) if n}
    return {p for p in packages | {_module(reference, where)} if p}


def _package(name: str, where: str) -> str:
    """The package of ``package>Class``, or nothing."""
    package, mark, own = name.rpartition(">")
    if not _IDENTIFIER.fullmatch(own) or (mark and package not in _PACKAGES):
        _refuse(name, where)
    return package


def _module(reference: dict[str, Any], where: str) -> str:
    module, name = reference.get("module"), reference.get("class_name")
    if module is None:
        return ""
    if name == "function":
        inner = reference.get("config")
        if not isinstance(inner, str) or not _IDENTIFIER.fullmatch(inner):
            _refuse(str(inner), where)
        if module == "builtins":
            return ""
    if not _MODULES.fullmatch(module):
        _refuse(f"{module}.{name}", where)
    package = str(module).partition(".")[0]
    return "" if package == "keras" else package


def _refuse(name: str, where: str) -> None:
    raise UserError(
        f"a model's layers must come from Keras, QKeras, HGQ2 or fpga_tf, not {name[:100]!r}",
        where=where,
        hint="rebuild the model from their layers",
    )
