"""Writes the pictures of a run: a page, or a file for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.files import atomic_write, disk_errors, make_folder
from fpga_tf.flow.pictures import run_page
from fpga_tf.verdict.plots import bitwidths, resources, roc, softmax_error, waterfall
from fpga_tf.verdict.plots.style import check_packages, raw, styled
from fpga_tf.verdict.report.run_page import RunPage, render_run

SUFFIXES = ("png", "pdf")


def check_page(path: Path | None) -> None:
    """Told before anything is run; nothing if no page is asked for.

    Raises:
        UserError: the file's ending, its folder, or a package is missing.
    """
    if path is None:
        return
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"a page must be a file that ends with .html, not {path.name!r}")
    if not path.absolute().parent.is_dir():
        raise UserError("a page must be in a folder that is there", where=str(path.parent))
    check_packages()


def write_page(project: Path, path: Path) -> None:
    """Write the page of a project's last run; the same run gives the same bytes.

    Raises:
        UserError: as `run_page`, or as `check_page`.
        ToolError: the file can't be written.
    """
    check_page(path)
    atomic_write(path, render_run(run_page(project)))


def write_pictures(project: Path, folder: Path) -> list[Path]:
    """Write each picture of a project's last run as PNG and PDF; other files in the folder stay.

    Returns:
        The files, in the order of the page.

    Raises:
        UserError: as `run_page`, or a package is missing.
        ToolError: the folder or a file can't be written.
    """
    check_packages()
    page = run_page(project)
    with disk_errors(folder, "made"):
        make_folder(folder)
    written = []
    with styled():
        for name, figure in _figures(page):
            for suffix in SUFFIXES:
                path = folder / f"{name}.{suffix}"
                atomic_write(path, raw(figure, suffix))
                written.append(path)
    return written


def _figures(page: RunPage) -> Iterator[tuple[str, Any]]:
    """Figures by the names of their files, which are ours: layers' names are anybody's."""
    if page.roc is not None:
        if page.roc.classes:
            yield "roc_classes", roc.draw_classes(page.roc)
        if page.roc.backgrounds:
            yield "roc_backgrounds", roc.draw_backgrounds(page.roc)
    if page.waterfall is not None:
        yield "latency", waterfall.draw(page.waterfall)
    for one in page.resources:
        yield f"resources_{one.resource}", resources.draw(one)
    yield "bits", bitwidths.draw(page.widths)
    for number, found in enumerate(page.softmax, 1):
        yield f"softmax_{number}", softmax_error.draw(found)
