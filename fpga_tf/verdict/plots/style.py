"""What all pictures share: the field's style, colours, and files that do not change when nothing does.

Needs the extra `plots`, which is imported only when something is drawn.
"""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write
from fpga_tf.verdict.numbers import plain

SUFFIXES = (".png", ".pdf", ".svg")
_PACKAGES = ("matplotlib", "mplhep")
# ten colours that people of any colour vision tell apart (M. A. Petroff, arXiv:2107.02270)
COLORS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
SIZE = {
    "font.size": 11, "axes.labelsize": 11, "axes.titlesize": 11, "xtick.labelsize": 10, "ytick.labelsize": 10,
    "legend.fontsize": 10, "xtick.major.size": 5, "ytick.major.size": 5, "xtick.minor.size": 2, "ytick.minor.size": 2,
    "axes.linewidth": 1.0, "lines.markersize": 4.5, "savefig.dpi": 150, "svg.hashsalt": "fpga_tf",
}  # fmt: skip
_DATES: dict[str, dict[str, None]] = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
LIMIT = COLORS[2]
# what a page replaces by colours of its own, so that a picture can be read in the dark
_OF_PAGE = {"#000000": "currentColor", LIMIT: "var(--fail)"}


def check_packages() -> None:
    """Told before anything is computed.

    Raises:
        UserError: a package is missing.
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"{missing[0]} must be installed to draw a plot", hint="pip install 'fpga_tf[plots]'")


def check_plot(path: Path) -> None:
    """Told before anything is computed.

    Raises:
        UserError: the file's ending, or a package is missing.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"a plot must be a file that ends with {', '.join(SUFFIXES)}, not {path.name!r}")
    check_packages()


def write_plot(path: Path, draw: Callable[[], Any]) -> None:
    """Write what `draw` makes in the field's style; the same figure gives the same bytes.

    Raises:
        UserError: as `check_plot`.
        ToolError: the file can't be written.
    """
    check_plot(path)
    with styled():
        data = raw(draw(), path.suffix.lower().removeprefix("."))
    atomic_write(path, data)


@contextmanager
def styled() -> Iterator[None]:
    """In here figures have the field's style."""
    import matplotlib
    import mplhep  # type: ignore[import-untyped]

    style: dict[Any, Any] = {**mplhep.style.ROOT, **SIZE}
    with matplotlib.rc_context(style):
        yield


def new_figure(width: float, height: float) -> Any:
    """An empty figure, in inches; of no window and no state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def raw(figure: Any, suffix: str) -> bytes:
    """The figure as png, pdf or svg; the same figure gives the same bytes."""
    found = io.BytesIO()
    figure.savefig(found, format=suffix, metadata=_DATES[suffix], bbox_inches="tight", transparent=suffix == "svg")
    return found.getvalue()


def inline(figure: Any, name: str) -> str:
    """The figure as an `svg` element for a page: no fixed size, in the page's own colour of text.

    Args:
        name: unlike those of all other pictures of the page; goes before every id.
    """
    text = raw(figure, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", text, flags=re.DOTALL)
    head, rest = text.split(">", 1)
    box = re.search(r'viewBox="[\d. -]+"', head)
    if box is None:
        raise ValueError("matplotlib must state a viewBox")
    rest = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{name}-", rest)
    # an HTML parser takes xlink attributes as they are, and needs no namespaces
    for color, own in _OF_PAGE.items():
        rest = rest.replace(color, own)
    return f'<svg {box[0]} aria-hidden="true">' + rest.strip()


def plain_math(name: str) -> str:
    """A name that matplotlib does not take for a formula, without control characters."""
    return plain(name).replace("$", r"\$")
