"""Who made a model file, found by looking into it with the standard library only.

Nothing is imported from Keras, nothing is unpacked to the disk, and no object is built from the file.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Literal

from fpga_tf.damage import ZIP_DAMAGE
from fpga_tf.errors import UserError

Detected = Literal["keras", "qkeras", "hgq2", "unknown"]

MAX_CONFIG_BYTES = 64 * 1024 * 1024  # a transformer's config.json has some 100 kB
MAX_HDF5_BYTES = 1024 * 1024 * 1024
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MODULE = re.compile(rb'"(?:module|registered_name)"\s*:\s*"([A-Za-z0-9_.]{1,200})(?:>[^"]{0,200})?"')
_CLASS = re.compile(rb'"class_name"\s*:\s*"([A-Za-z0-9_]{1,200})(?:>[^"]{0,200})?"')
# QKeras under Keras 2 wrote class names only
_QKERAS_CLASSES = frozenset(
    [b"QDense", b"QActivation", b"QEinsumDense", b"QMultiHeadAttention", b"QConv1D", b"QConv2D", b"QBatchNormalization"]
)
# A Linformer attention without quantisers may stand in a float model.
_OWN = re.compile(rb'"registered_name"\s*:\s*"fpga_tf>([A-Za-z0-9_]{1,200})"')
_QUANTISER = re.compile(rb'"[a-z_]{1,40}_quantizer"\s*:\s*(?!null\b)[^\s]')
_KERAS_ROOTS = frozenset([b"keras", b"builtins", b"tensorflow", b"tf_keras", b"Custom"])


def detect_frontend(model_path: Path) -> Detected:
    """Which library quantised a saved model: `hgq2`, `qkeras` (our own layers included), or none (`keras`).

    `unknown` stands for a model with layers of some other package.

    Raises:
        UserError: the file is no Keras archive or HDF5 model, is damaged, or is absurdly large.
    """
    config = model_config(model_path)
    modules = {match.split(b".")[0] for match in _MODULE.findall(config)}
    classes = set(_CLASS.findall(config))
    if b"hgq" in modules:
        return "hgq2"
    if b"fpga_tf" in modules and set(_OWN.findall(config)) == {b"QLinformerAttention"}:
        modules -= set() if _QUANTISER.search(config) else {b"fpga_tf"}
    if modules & {b"qkeras", b"fpga_tf"} or classes & _QKERAS_CLASSES:
        return "qkeras"
    # registered names of Keras's own layers have no module in them: "Functional"
    foreign = {root for root in modules - _KERAS_ROOTS if root not in classes}
    return "unknown" if foreign else "keras"


def model_config(model_path: Path) -> bytes:
    """The JSON text of a saved model's configuration.

    For HDF5 it is the whole file where h5py isn't installed: the text is in it as it stands.

    Raises:
        UserError: as `detect_frontend`.
    """
    try:
        with model_path.open("rb") as file:
            head = file.read(8)
        if head == _HDF5:
            return _hdf5_config(model_path)
        if head[:4] == b"PK\x03\x04":
            return _archive_config(model_path)
    except OSError as error:
        raise UserError(
            f"model file must be readable, not refused ({error.strerror})", where=str(model_path)
        ) from error
    found = "empty" if not head else f"a file that begins with {head!r}"
    raise _not_a_model(model_path, found)


def _archive_config(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo("config.json")
            if info.file_size > MAX_CONFIG_BYTES:
                raise _not_a_model(path, f"an archive whose config.json has {info.file_size} bytes")
            with archive.open(info) as member:
                raw = member.read(MAX_CONFIG_BYTES + 1)  # the size stated in the archive may be a lie
    except KeyError as error:
        raise _not_a_model(path, "a zip archive without config.json") from error
    except ZIP_DAMAGE as error:
        raise _not_a_model(path, f"a damaged archive ({error})") from error
    if len(raw) > MAX_CONFIG_BYTES:
        raise _not_a_model(path, "an archive whose config.json is larger than it says")
    return raw


def _hdf5_config(path: Path) -> bytes:
    if path.stat().st_size > MAX_HDF5_BYTES:
        raise _not_a_model(path, "an HDF5 file of more than 1 GiB")
    try:
        import h5py
    except ImportError:
        raw = path.read_bytes()
        if b'"class_name"' not in raw:
            raise _not_a_model(path, "an HDF5 file without model_config") from None
        return raw
    try:
        with h5py.File(path, "r") as file:
            config = file.attrs.get("model_config")
    except (OSError, RuntimeError, ValueError) as error:
        raise _not_a_model(path, f"a damaged HDF5 file ({error})") from error
    if not isinstance(config, str | bytes):
        raise _not_a_model(path, "an HDF5 file without model_config (weights alone are no model)")
    return config.encode("utf-8", "surrogateescape") if isinstance(config, str) else config


def _not_a_model(path: Path, found: str) -> UserError:
    return UserError(
        f"model file must be a Keras archive (.keras zip) or a Keras HDF5 model, not {found}",
        where=str(path),
        hint="save it again with model.save('name.keras')",
    )
