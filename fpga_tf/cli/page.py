"""The page with pictures that run and simulate can write; what draws it is imported only when it is asked for."""

from __future__ import annotations

from pathlib import Path


def check_page(html: Path | None) -> None:
    """Refuse, before anything is run, a page that could not be written."""
    if html is not None:
        from fpga_tf.flow.pictures_files import check_page

        check_page(html)


def write_page(project: Path, html: Path | None) -> None:
    """Write the page of a project that was just run, if one is asked for."""
    if html is not None:
        from fpga_tf.flow.pictures_files import write_page

        write_page(project, html)
