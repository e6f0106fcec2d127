"""The folder of RTL beside a project: what stands in it, and what may take its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.files import check_replaceable
from fpga_tf.rtl.manifest import RTL_MANIFEST, RtlManifest, read_rtl_manifest, rtl_edited


@dataclass(frozen=True)
class RtlAsked:
    """The RTL that a verdict shall tell of.

    Attributes:
        folder: where it is; None if there is none.
        why: why there is none.
        simulate: whether it is clocked, as in a configuration.
    """

    folder: Path | None = None
    why: str | None = None
    simulate: str = "auto"


def rtl_folder(project: Path) -> Path:
    """Where the RTL of a project is written."""
    return project.with_name(f"{project.name}_rtl")


def rtl_stands(folder: Path, key: str, *, fresh: bool) -> bool:
    """Whether the folder holds the RTL of this key already, edited or not.

    Args:
        key: what the RTL is made from.
        fresh: replace what stands there, whatever it is, as long as it is RTL of ours.

    Raises:
        UserError: the folder is something else, its manifest is damaged, or it is other RTL that somebody has worked
            on.
    """
    check_replaceable(folder, RTL_MANIFEST)
    if fresh or not (folder / RTL_MANIFEST).is_file():
        return False
    manifest = read_rtl_manifest(folder)
    if manifest.key == key:
        return True
    touched = [*rtl_edited(folder, manifest), *_added(folder, manifest)]
    if touched:
        files = "file is" if len(touched) == 1 else "files are"
        raise UserError(
            f"RTL must be as it was generated to be replaced by other RTL, {len(touched)} {files} not: "
            f"{', '.join(touched[:3])}{' ...' if len(touched) > 3 else ''}",
            where=str(folder),
            hint="name another folder, or replace it with --fresh",
        )
    return False


def _added(folder: Path, manifest: RtlManifest) -> list[str]:
    """What somebody put there: reports of Vivado took hours, while what the Makefile builds is soon there again."""
    known = {*manifest.files, RTL_MANIFEST}
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if not path.is_dir())
    return [path.as_posix() for path in found if path.parts[0] != "build" and path.as_posix() not in known]


def rtl_of(folder: Path, project: str) -> bool:
    """Whether the folder holds RTL of the model of a project.

    Args:
        project: key of the project.

    Raises:
        UserError: the folder's manifest is damaged.
    """
    return (folder / RTL_MANIFEST).is_file() and read_rtl_manifest(folder).project == project
