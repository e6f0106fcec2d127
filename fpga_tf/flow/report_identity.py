"""Whose reports a folder holds: by the manifests in it, they must be of one project, or of the one that was named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST, RTL_MANIFEST, sha256_file
from fpga_tf.reports.design import Design
from fpga_tf.reports.find import is_folder
from fpga_tf.reports.kin import wraps

# `<archive>/<bundle>/<project>/fpga_tf.json` is what somebody who packs a whole bundle makes.
_DEPTH = 3
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """What a manifest says.

    Attributes:
        folder: that the manifest is in.
        rtl: it is of generated RTL.
        top: top function or module.
        project: key of the project, which that of its RTL names too.
        key: its own.
        files: digests of generated files.
    """

    folder: Path
    rtl: bool
    top: str
    project: str
    key: str
    files: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.folder} (top {self.top}, key {self.key[:12]})"


def identity(folder: Path) -> Identity | None:
    """Of the project or the RTL in a folder; None if there is none.

    Raises:
        UserError: the manifest is damaged.
    """
    if (folder / RTL_MANIFEST).is_file():
        from fpga_tf.rtl.manifest import read_rtl_manifest

        rtl = read_rtl_manifest(folder)
        return Identity(folder, True, rtl.name, rtl.project, rtl.key, rtl.files)
    if (folder / MANIFEST).is_file():
        from fpga_tf.hls.manifest import read_manifest

        made = read_manifest(folder)
        return Identity(folder, False, made.name, made.key, made.key, made.files)
    return None


def check_identity(folder: Path, of: Path | None) -> frozenset[str]:
    """Hold the manifests of a folder against each other, and against those of a project.

    Args:
        folder: that holds reports.
        of: the project that it must be a copy of; None: if the folder is a project itself, that one.

    Returns:
        The tops that reports may be of; none if any.

    Raises:
        UserError: a manifest is of another project, of another state of it, or damaged; `of` is no project; or it is
            named, and the folder has no manifest.
    """
    if of is None:
        if not any((folder / name).is_file() for name in (MANIFEST, RTL_MANIFEST)):
            return frozenset()
        try:
            wanted = identity(folder)
        except UserError:
            return frozenset()  # its reports are shown all the same, and a note tells of the damage
    else:
        wanted = identity(of) if is_folder(of) else None
    if wanted is None:
        raise no_project(of)
    found = [one for one in map(identity, _folders(folder)) if one is not None]
    for one in found:
        _check(one, wanted)
    if not any(one.rtl == wanted.rtl for one in found):
        name = RTL_MANIFEST if wanted.rtl else MANIFEST
        raise UserError(
            f"what comes back must hold {name}, to tell that it is of {wanted}",
            where=str(folder),
            hint="pack the whole folder that the tools were run in, not the reports alone",
        )
    return frozenset({wanted.top, *(one.top for one in found)})


def no_project(of: Path | None) -> UserError:
    """The error of `--of` with something else."""
    return UserError(f"--of must be a project: a folder with {MANIFEST} or {RTL_MANIFEST}", where=str(of))


def _folders(root: Path) -> list[Path]:
    """The folder and those below it, as deep as manifests can be; hidden ones are left out."""
    found = []
    for name, folders, _ in os.walk(root):
        found.append(Path(name))
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        if len(Path(name).relative_to(root).parts) >= _DEPTH:
            folders.clear()
    return found


def _check(one: Identity, wanted: Identity) -> None:
    if one.project != wanted.project:
        raise _refuse("reports must be of the project, not of another", one, wanted)
    if one.rtl != wanted.rtl:
        return  # the project beside its RTL, or the other way round
    if one.key != wanted.key or one.top != wanted.top or one.files != wanted.files:
        raise _refuse("reports must be of the project as it was generated, not of another state of it", one, wanted)
    other = [name for name in one.files if _decides(name) and _digest(one, name) != _digest(wanted, name)]
    if other:
        shown = ", ".join(other[:_SHOWN]) + (" ..." if len(other) > _SHOWN else "")
        raise _refuse(f"reports must be of the project's own sources, not of edited ones ({shown})", one, wanted)


def _decides(name: str) -> bool:
    """Whether reports depend on a generated file: the design, or the testbench and the vectors of co-simulation."""
    return name.startswith(("firmware/", "src/", "tb_data/")) or name.endswith("_test.cpp")


def _digest(one: Identity, name: str) -> str | None:
    path = one.folder / name
    return sha256_file(path) if path.is_file() else None


def _refuse(what: str, one: Identity, wanted: Identity) -> UserError:
    return UserError(what, where=f"{one}\n       {wanted}", hint="`fpga-tf report` shows them where they lie alone")


def check_tops(folder: Path, designs: Iterable[Design], tops: frozenset[str]) -> None:
    """Refuse reports of another top than the project's.

    Args:
        tops: that are allowed; none: any.

    Raises:
        UserError: there is one.
    """
    for design in designs if tops else ():
        top = design.report.top
        if top is None or top in tops or any(wraps(top, own) for own in tops):
            continue
        raise UserError(
            f"reports in a project must be of its top {' or '.join(sorted(tops))}, not of {top}",
            where=f"{design.report.path}\n       {folder}",
            hint="put reports of another design elsewhere",
        )
