"""One archive for the hardware engineer: the project, its RTL, constraints, commands, and digests of all of it.

The same folders make the same bytes: members are sorted, and have no owner, no name of a machine and no time.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.files import MANIFEST, RTL_MANIFEST, atomic_write
from fpga_tf.flow.bundle_page import hls_constraints, page
from fpga_tf.flow.rtl_folder import rtl_folder
from fpga_tf.hls.manifest import Manifest
from fpga_tf.rtl.manifest import RtlManifest, read_rtl_manifest

BUNDLE = "fpga_tf_bundle.json"
SUMS = "SHA256SUMS"
README = "README.md"
ENDINGS = (".tar.gz", ".tgz", ".zip")
_EPOCH = 315_532_800  # 1 January 1980, the first time that zip knows
_LISTED = 3


@dataclass(frozen=True, slots=True)
class Bundle:
    """An archive that was written.

    Attributes:
        path: of the archive.
        sha256: of the archive.
        digest: SHA-256 of its list of digests, which stands for all that is in it, however it is packed.
        key: of the project's manifest.
        files: how many.
        rtl: whether generated RTL is in it.
        edited: generated files that are no longer as they were written, which are packed as they are.
        left_out: files of the folders that were not generated, such as results of tools.
    """

    path: str
    sha256: str
    digest: str
    key: str
    files: int
    rtl: bool
    edited: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A folder of the bundle.

    Attributes:
        name: in the bundle.
        files: content by name below it.
    """

    name: str
    files: Mapping[str, bytes]
    edited: tuple[str, ...]
    left_out: tuple[str, ...]


def write_bundle(project: Path, out: Path | None = None) -> Bundle:
    """Pack a project, and the RTL beside it if that is of the same model.

    Args:
        project: folder.
        out: the archive; its ending decides the format. None: `<project>_bundle.tar.gz` beside the project.

    Raises:
        UserError: the folder is no project or is not whole; a generated file is a link that leads out of it; the
            archive's ending is none that is known.
        ToolError: disk full, no right to write, or the like.
    """
    from fpga_tf.flow.settings import read_project

    manifest, _ = read_project(project)
    root = project.resolve()
    target = root.with_name(f"{root.name}_bundle.tar.gz") if out is None else out
    if not target.name.endswith(ENDINGS):
        raise UserError(f"a bundle must end in {', '.join(ENDINGS)}", where=str(target))
    if target.is_dir():
        raise UserError("a bundle must be a file, not a folder", where=str(target))
    parts = [_part(root, [MANIFEST, *manifest.files], manifest.files)]
    rtl = _rtl_of(root, manifest)
    if rtl is not None:
        parts.append(_part(rtl_folder(root), [RTL_MANIFEST, *rtl.files], rtl.files))
    edited, left_out = (
        tuple(f"{part.name}/{name}" for part in parts for name in getattr(part, kind))
        for kind in ("edited", "left_out")
    )
    members, digest = _members(parts, manifest, rtl, edited)
    # in a folder of its own, as people unpack archives where they stand
    top = f"{root.name}_bundle"
    packed = _pack({f"{top}/{name}": content for name, content in members.items()}, target.name)
    atomic_write(target, packed)
    sha256 = hashlib.sha256(packed).hexdigest()
    return Bundle(str(target), sha256, digest, manifest.key, len(members), rtl is not None, edited, left_out)


def _rtl_of(project: Path, manifest: Manifest) -> RtlManifest | None:
    """The manifest of the RTL beside the project; None if there is none, or it is of another model."""
    folder = rtl_folder(project)
    if not (folder / RTL_MANIFEST).is_file():
        return None
    found = read_rtl_manifest(folder)
    return found if found.project == manifest.key else None


def _part(folder: Path, names: Sequence[str], digests: Mapping[str, str]) -> _Part:
    files = {name: _content(folder, name) for name in names}
    edited = [name for name, digest in digests.items() if hashlib.sha256(files[name]).hexdigest() != digest]
    there = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir())
    return _Part(folder.name, files, tuple(sorted(edited)), tuple(name for name in there if name not in files))


def _content(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(folder.resolve()):
            raise UserError(
                "a file of a bundle must lie in its folder, not behind a link that leads out of it",
                where=str(path),
                hint=f"put the file itself there, in place of the link to {real}",
            )
        return real.read_bytes()
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"a project must be whole to be packed, but {name} can't be read ({error})",
            where=str(folder),
            hint="make the project again with --fresh",
        ) from error


def _members(
    parts: Sequence[_Part], manifest: Manifest, rtl: RtlManifest | None, edited: Sequence[str]
) -> tuple[dict[str, bytes], str]:
    """All files of the bundle by name, and the digest of their list of digests."""
    members = {f"{part.name}/{name}": content for part in parts for name, content in part.files.items()}
    members[f"{manifest.name}.xdc"] = hls_constraints(manifest).encode()
    rtl_name = parts[1].name if rtl is not None else None
    members[README] = page(manifest, parts[0].name, rtl, rtl_name, edited).encode()
    sums = "".join(f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members)).encode()
    digest = hashlib.sha256(sums).hexdigest()
    told = {
        "schema": 1, "top": manifest.name, "key": manifest.key, "rtl_key": None if rtl is None else rtl.key,
        "part": manifest.part, "clock_ns": manifest.clock_ns, "digest": digest, "edited": list(edited),
    }  # fmt: skip
    members[SUMS] = sums
    members[BUNDLE] = (json.dumps(told, indent=1) + "\n").encode()
    return members, digest


def _pack(members: Mapping[str, bytes], name: str) -> bytes:
    out = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for one in sorted(members):
                entry = zipfile.ZipInfo(one, (1980, 1, 1, 0, 0, 0))
                entry.create_system, entry.external_attr = 3, 0o100644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, members[one])
        return out.getvalue()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as tape,
    ):
        for one in sorted(members):
            member = tarfile.TarInfo(one)
            member.size, member.mtime, member.mode = len(members[one]), _EPOCH, 0o644
            tape.addfile(member, io.BytesIO(members[one]))
    return out.getvalue()


def bundle_lines(bundle: Bundle) -> list[str]:
    """What people are told of it."""
    lines = [f"{bundle.path}: {bundle.files} files, {'project and RTL' if bundle.rtl else 'project'}"]
    lines += [f"sha256  {bundle.sha256}", f"digest  {bundle.digest}", f"key     {bundle.key}"]
    lines += [f"edited, packed as they are: {_list(bundle.edited)}"] if bundle.edited else []
    lines += [f"not generated, left out: {_list(bundle.left_out)}"] if bundle.left_out else []
    return lines


def bundle_json(bundle: Bundle) -> dict[str, object]:
    """Plain data."""
    return asdict(bundle)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
