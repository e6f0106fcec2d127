"""New HDF5 files, on the disk or in memory, of which equal contents are equal bytes (with the same HDF5 library)."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import h5py


def new_file(target: Path | io.BytesIO) -> h5py.File:
    """A new, empty file, to be closed by the caller. Datasets are to be made with `track_times=False`.

    The layout is that of HDF5 1.8, in which attributes may have more than 64 KiB. Its root group has the time of its
    making, to the second, unless that is switched off as it is here; h5py's own `File` can't.

    Args:
        target: a path, replaced if it exists; or memory, which holds the whole file once that is closed.

    Raises:
        OSError: the file can't be made.
    """
    import h5py

    how, access = h5py.h5p.create(h5py.h5p.FILE_CREATE), h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    how.set_obj_track_times(False)
    access.set_libver_bounds(h5py.h5f.LIBVER_V18, h5py.h5f.LIBVER_V18)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    if isinstance(target, io.BytesIO):
        access.set_fileobj_driver(h5py.h5fd.fileobj_driver, target)
        return h5py.File(h5py.h5f.create(b"memory", h5py.h5f.ACC_TRUNC, how, access))
    return h5py.File(h5py.h5f.create(os.fsencode(target), h5py.h5f.ACC_TRUNC, how, access))
