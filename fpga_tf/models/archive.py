"""Looking into a model file that nobody vouches for, before Keras touches it.

A `.keras` file is a zip archive with config.json and model.weights.h5; a `.h5` file is HDF5 with the configuration in
an attribute. Checked here: sizes, archive members, decompression ratio, links and datasets inside HDF5, JSON depth.
Nothing is unpickled and nothing leaves memory.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fpga_tf.damage import ZIP_DAMAGE
from fpga_tf.errors import ToolError, UserError

if TYPE_CHECKING:
    import h5py

MAX_FILE = 256 << 20
MAX_UNPACKED = 1 << 30
MAX_RATIO = 100  # Keras stores its members uncompressed
MAX_CONFIG = 16 << 20
MAX_DEPTH = 100
MAX_NODES = 2_000_000
MAX_OBJECTS = 100_000  # groups and datasets in one HDF5 file

SUFFIXES = (".keras", ".h5", ".hdf5")
_MEMBERS = ("config.json", "metadata.json", "model.weights.h5")
# What h5py raises on damaged content depends on where the damage lies.
_HDF5_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError, AttributeError)


def read_config(path: Path) -> dict[str, Any]:
    """The Keras configuration inside a model file, after checking the file's structure.

    Raises:
        UserError: the file is missing, of another kind, too large, damaged, or holds what a model file never holds.
        ToolError: the file system refuses to read it.
    """
    _check_file(path)
    try:
        text = _zip_config(path) if path.suffix == ".keras" else _hdf5_config(path)
    except PermissionError as error:
        raise ToolError("a model file must be readable, not refused by the file system", where=str(path)) from error
    return _parse(text, str(path))


def _check_file(path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise UserError(
            f"a model file must end in .keras or .h5, not {path.suffix or 'nothing'!r}",
            where=str(path),
            hint="save it with model.save('name.keras')",
        )
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "a special file" if path.exists() else "a missing one"
        raise UserError(f"a model file must be an existing file, not {kind}", where=str(path))
    size = path.stat().st_size
    if not 0 < size <= MAX_FILE:
        limit = f"1 byte to {MAX_FILE >> 20} MB"
        raise UserError(f"a model file must have {limit}, not {size:,} bytes", where=str(path))


def _damaged(path: Path, kind: str, error: BaseException) -> UserError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UserError(
        f"a model file must be {kind}, not damaged or other content ({reason[:200]})",
        where=str(path),
        hint="save the model again with model.save()",
    )


def _zip_config(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path)
            config = _member(archive, "config.json", MAX_CONFIG, path)
            weights = _member(archive, "model.weights.h5", MAX_UNPACKED, path)
    except PermissionError:
        raise
    except (*ZIP_DAMAGE, OSError) as error:
        raise _damaged(path, "a zip archive written by Keras", error) from error
    with _hdf5(io.BytesIO(weights), path) as file:
        _check_hdf5(file, path)
    return config


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    for name in names:
        if name not in _MEMBERS:
            raise UserError(f"a .keras file must hold only {', '.join(_MEMBERS)}, not {name[:100]!r}", where=str(path))
    for name in _MEMBERS:
        if names.count(name) > 1 or (name != "metadata.json" and name not in names):
            raise UserError(f"a .keras file must hold {name} once, not {names.count(name)} times", where=str(path))
    for info in infos:
        if info.file_size > MAX_RATIO * max(info.compress_size, 1024):
            raise UserError(
                f"a .keras file's member must unpack to at most {MAX_RATIO} times its size, "
                f"not to {info.file_size:,} bytes",
                where=f"{path}:{info.filename}",
            )


def _member(archive: zipfile.ZipFile, name: str, limit: int, path: Path) -> bytes:
    with archive.open(name) as file:
        data = file.read(limit + 1)  # the declared size may lie
    if len(data) > limit:
        raise UserError(f"{name} must have at most {limit:,} bytes, not more", where=str(path))
    return data


@contextmanager
def _hdf5(source: Path | io.BytesIO, path: Path) -> Iterator[h5py.File]:
    import h5py

    try:
        file = h5py.File(source, "r")
    except PermissionError:
        raise
    except _HDF5_DAMAGE as error:
        raise _damaged(path, "whole HDF5 written by Keras", error) from error
    with file:
        yield file


@contextmanager
def checked_hdf5(path: Path) -> Iterator[h5py.File]:
    """A `.h5` model file after checking its structure, for `with`; damage met inside is the user's error, too.

    Raises:
        UserError: the file is damaged, too large, or holds what a model file never holds.
    """
    with _hdf5(path, path) as file:
        _check_hdf5(file, path)
        try:
            yield file
        except _HDF5_DAMAGE as error:
            raise _damaged(path, "whole HDF5 written by Keras", error) from error


def _hdf5_config(path: Path) -> bytes:
    with checked_hdf5(path) as file:
        text = file.attrs.get("model_config")
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogateescape")
    if not isinstance(text, bytes):
        raise UserError(
            "an .h5 model file must have the attribute model_config, not only weights or other data",
            where=str(path),
            hint="save the whole model with model.save('name.keras')",
        )
    if len(text) > MAX_CONFIG:
        raise UserError(f"model_config must have at most {MAX_CONFIG:,} bytes, not {len(text):,}", where=str(path))
    return text


def _check_hdf5(file: h5py.File, path: Path) -> None:
    """Every object lies in the file itself, is a plain array, and all of them together fit in memory."""
    try:
        total = sum(_objects(file, path))
    except _HDF5_DAMAGE as error:
        raise _damaged(path, "whole HDF5 written by Keras", error) from error
    if total > MAX_UNPACKED:
        raise UserError(f"weights must have at most {MAX_UNPACKED:,} bytes, not {total:,}", where=str(path))


def _objects(file: h5py.File, path: Path) -> Iterator[int]:
    """Sizes in bytes of all datasets."""
    import h5py

    stack: list[tuple[h5py.Group, int]] = [(file, 0)]
    count = 0
    while stack:
        group, depth = stack.pop()
        for name in group:
            count += 1
            if count > MAX_OBJECTS or depth > MAX_DEPTH:
                raise UserError("weights must be a small tree, not endless groups", where=str(path))
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise UserError("weights must lie in the model file itself, not behind a link", where=f"{path}:{name}")
            found = group[name]
            if isinstance(found, h5py.Group):
                stack.append((found, depth + 1))
            else:
                yield _size(found, f"{path}:{group.name}/{name}")


def _size(found: Any, where: str) -> int:
    import h5py

    if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "fiub":
        raise UserError("weights must be arrays of numbers, not other objects", where=where)
    if found.external is not None or found.is_virtual:
        raise UserError("weights must lie in the model file itself, not in another file", where=where)
    return int(found.nbytes)


def _parse(text: bytes, where: str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise UserError(f"a model file's configuration must be JSON, not {reason}", where=where) from error
    if not isinstance(config, dict):
        raise UserError(f"a model file's configuration must be an object, not {type(config).__name__}", where=where)
    _check_depth(config, where)
    return config


def _check_depth(config: dict[str, Any], where: str) -> None:
    level: list[Any] = [config]
    count = 0
    for _ in range(MAX_DEPTH):
        count += len(level)
        if not level:
            return
        if count > MAX_NODES:
            break
        level = [v for x in level if isinstance(x, dict | list) for v in (x.values() if isinstance(x, dict) else x)]
    raise UserError(
        f"a model's configuration must have at most {MAX_DEPTH} levels and {MAX_NODES:,} values", where=where
    )
