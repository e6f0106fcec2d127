"""Who may import whom, and how long a module may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fpga_tf

PACKAGE = Path(fpga_tf.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 500

# "" is fpga_tf
BASE = {"", "child", "cpp_macros", "cpp_names", "damage", "errors", "files", "process", "schedule", "store", "together"}
MAY_IMPORT = {
    "": {"errors"},
    "child": set(),
    "cpp_macros": set(),
    "cpp_names": {"cpp_macros"},
    "damage": set(),
    "errors": set(),
    "files": {"errors"},
    "process": set(),
    "schedule": {"errors", "process"},
    "store": {"errors", "files"},
    "together": {"child"},
    "fixedpoint": BASE,
    "layers": BASE | {"fixedpoint"},
    "models": BASE | {"fixedpoint", "layers"},
    "lower": BASE | {"fixedpoint", "layers", "models"},
    "hls": BASE | {"fixedpoint", "layers", "models", "lower"},
    "rtl": BASE | {"fixedpoint", "layers", "models", "lower"},
    "reports": BASE,
    "verdict": BASE | {"fixedpoint", "reports"},
    "jets": BASE | {"fixedpoint", "layers", "models"},
    "flow": BASE | {"fixedpoint", "layers", "models", "lower", "hls", "rtl", "reports", "verdict", "jets"},
    "cli": BASE | {"flow", "verdict"},
    "pytest": set(),  # every test suite on the machine imports it
}
KERAS = {"layers", "models", "jets", "lower", "hls", "rtl"}
MAY_IMPORT_OUTSIDE = {
    "keras": KERAS,
    "tensorflow": KERAS,
    "tf_keras": set(),
    "qkeras": KERAS,
    "hgq": KERAS,
    "quantizers": KERAS,
    "hls4ml": {"hls"},
    "da4ml": {"rtl"},
    "pythia8mc": {"jets"},
    "fastjet": {"jets"},
    "uproot": {"jets"},
    "pytest": {"pytest"},
    "pickle": set(),
    "joblib": set(),
}
# These import Keras: whoever must start fast imports them inside functions only.
SLOW = {"layers", "models", "lower", "hls", "rtl", "jets"}
FAST = {"flow", "cli"}
# The exceptions: parts of those rooms that import nothing slow, and modules of flow that are imported late themselves.
LIGHT = {
    *("fpga_tf.hls.manifest", "fpga_tf.hls.build", "fpga_tf.hls.simulate", "fpga_tf.hls.shapes"),
    "fpga_tf.jets.sample",
    *("fpga_tf.rtl.manifest", "fpga_tf.rtl.ports", "fpga_tf.rtl.simulate", "fpga_tf.rtl.verilate"),
}
LATE = {Path("flow/models.py"), Path("flow/model_shapes.py"), Path("flow/quantised.py")}


def room(path: Path) -> str:
    """`flow` for fpga_tf/flow/config.py, `errors` for fpga_tf/errors.py, "" for fpga_tf/__init__.py."""
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path, tree: ast.AST) -> Iterator[str]:
    """Dotted names of all that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(path, node)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.args[0].value


def _from(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        here = ("fpga_tf", *path.relative_to(PACKAGE).parts)[: -node.level]
        base = ".".join([*here, *([node.module] if node.module else [])])
    # `from fpga_tf import errors` imports a module, `from fpga_tf import __version__` does not
    if base == "fpga_tf":
        rooms = {room(module) for module in MODULES}
        yield from (f"fpga_tf.{alias.name}" if alias.name in rooms else "fpga_tf" for alias in node.names)
    else:
        yield base


def at_import(tree: ast.Module) -> ast.Module:
    """The module without function bodies and without what only type checkers read."""

    class Strip(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            node.body = [ast.Pass()]
            return node

        def visit_If(self, node: ast.If) -> ast.AST:
            if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                node.body = [ast.Pass()]
            self.generic_visit(node)
            return node

    Strip().visit(tree)
    return tree


def violations(path: Path, text: str) -> list[str]:
    """What a module imports against the rules."""
    here = room(path)
    if here not in MAY_IMPORT:
        return [f"{here} is not in the table of who may import whom"]
    found = []
    for name in imports(path, ast.parse(text)):
        top, *rest = name.split(".")
        if top == "fpga_tf":
            there = rest[0] if rest else ""
            if there != here and there not in MAY_IMPORT[here]:
                found.append(f"{here} imports {name}")
        elif here not in MAY_IMPORT_OUTSIDE.get(top, {here}):
            found.append(f"{here} imports {name}")
    late = path.relative_to(PACKAGE) in LATE
    for name in () if late else imports(path, at_import(ast.parse(text))):
        top, *rest = name.split(".")
        if here in FAST and top == "fpga_tf" and rest and rest[0] in SLOW and name not in LIGHT:
            found.append(f"{here} imports {name} when it is itself imported")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may_and_is_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert violations(path, text) == []
    assert text.count("\n") <= LONGEST


@pytest.mark.parametrize(
    ("where", "text", "found"),
    [
        ("flow/x.py", "import keras.layers", ["flow imports keras.layers"]),
        ("flow/x.py", "def f():\n    from tensorflow import keras", ["flow imports tensorflow"]),
        ("fixedpoint/x.py", "from fpga_tf.layers import softmax", ["fixedpoint imports fpga_tf.layers"]),
        ("layers/x.py", "from ..models import quantise", ["layers imports fpga_tf.models"]),
        ("layers/x.py", "from .softmax import QSoftmax", []),
        ("lower/operators/x.py", "from ...flow import config", ["lower imports fpga_tf.flow"]),
        ("hls/x.py", "from fpga_tf import jets", ["hls imports fpga_tf.jets"]),
        ("hls/x.py", "from fpga_tf import __version__", []),
        ("models/x.py", "import hls4ml", ["models imports hls4ml"]),
        ("verdict/x.py", "import importlib\nimportlib.import_module('keras')", ["verdict imports keras"]),
        ("flow/x.py", "import fpga_tf.hls.convert", ["flow imports fpga_tf.hls.convert when it is itself imported"]),
        ("flow/x.py", "def f():\n    import fpga_tf.hls.convert", []),
        ("new/x.py", "", ["new is not in the table of who may import whom"]),
    ],
)
def test_the_rules_find_what_breaks_them(where: str, text: str, found: list[str]) -> None:
    assert violations(PACKAGE / where, text) == found


def test_what_makes_a_project_is_part_of_its_key() -> None:
    from fpga_tf.flow.run import CODE

    assert (MAY_IMPORT["hls"] - BASE) | {"hls", "flow"} <= {*CODE}
