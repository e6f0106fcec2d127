"""The project folder: what stands in it, and what may take its place."""

from __future__ import annotations

from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST, check_replaceable, replace_tree
from fpga_tf.flow.settings import read_project
from fpga_tf.hls.manifest import Manifest, edited
from fpga_tf.store import ENTRY

BUILD_LOG = "fpga_tf_build.log"
RESULT = "fpga_tf_result.json"
_OURS = {MANIFEST, BUILD_LOG, RESULT}


def stands(project: Path, key: str, *, fresh: bool) -> bool:
    """Whether the folder holds the project of this key already, edited or not.

    Args:
        key: what the project is made from.
        fresh: replace what stands there, whatever it is, as long as it is a project.

    Raises:
        UserError: the folder is not a project, its manifest is damaged, or it is another project that somebody has
            worked on.
    """
    check_replaceable(project, MANIFEST)
    if fresh or not (project / MANIFEST).is_file():
        return False
    manifest, _ = read_project(project)
    if manifest.key == key:
        return True
    _check_untouched(project, manifest)
    return False


def place(entry: Path, project: Path) -> None:
    """Put a copy of a store's entry in the place of the folder.

    Raises:
        UserError: the folder is not a project.
        ToolError: disk full, no right to write, or the like.
    """
    replace_tree(entry, project, marker=MANIFEST, without=ENTRY)


def _check_untouched(project: Path, manifest: Manifest) -> None:
    known = set(manifest.files) | _OURS
    added = sorted(
        str(p.relative_to(project))
        for p in project.rglob("*")
        if not p.is_dir() and str(p.relative_to(project)) not in known
    )
    touched = [*edited(project, manifest), *added]
    if touched:
        files = "file is" if len(touched) == 1 else "files are"
        raise UserError(
            f"a project must be as it was generated to be replaced by another, {len(touched)} {files} not: "
            f"{', '.join(touched[:3])}{' ...' if len(touched) > 3 else ''}",
            where=str(project),
            hint="name another project folder, or replace it with --fresh",
        )
