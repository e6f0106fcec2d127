"""Whose model a file is, and files that are none."""

from __future__ import annotations

import builtins
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import h5py
import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow import detect
from fpga_tf.flow.detect import detect_frontend

from .conftest import save_archive


def complaint(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        detect_frontend(path)
    assert f"\n  at   {path}" in str(caught.value)
    return caught.value.what


@pytest.mark.parametrize(
    ("modules", "frontend"),
    [
        (["keras.layers", "keras.src.models.functional", "builtins"], "keras"),
        (["keras.layers", "qkeras.qlayers"], "qkeras"),
        (["keras.layers", "fpga_tf.layers.attention"], "qkeras"),
        (["keras.layers", "hgq.layers.attn.mha"], "hgq2"),
        (["hgq.layers", "qkeras.qlayers"], "hgq2"),  # hgq2 has a package of the name qkeras too
        (["keras.layers", "my_package.layers"], "unknown"),
        (["hgqx.layers"], "unknown"),
        ([], "keras"),
    ],
)
def test_modules_decide(tmp_path: Path, modules: list[str], frontend: str) -> None:
    save_archive(tmp_path / "m.keras", *modules)
    assert detect_frontend(tmp_path / "m.keras") == frontend


def test_a_layer_may_be_named_like_a_package(tmp_path: Path) -> None:
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "hgq.layers"}, "registered_name": None}
    functional = {"module": "keras", "class_name": "Functional", "registered_name": "Functional", "layers": [layer]}
    save_archive(tmp_path / "m.keras", text=json.dumps(functional))
    assert detect_frontend(tmp_path / "m.keras") == "keras"


def hdf5(path: Path, **attributes: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        file["weights"] = list(range(1000))
    return path


OLD_QKERAS = '{"class_name": "Functional", "config": {"layers": [{"class_name": "QDense", "config": {}}]}}'
OLD_KERAS = '{"class_name": "Functional", "config": {"layers": [{"class_name": "Dense", "config": {}}]}}'


@pytest.mark.parametrize("with_h5py", [True, False])
def test_hdf5_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_h5py: bool) -> None:
    quantised = hdf5(tmp_path / "q.h5", model_config=OLD_QKERAS)
    plain = hdf5(tmp_path / "k.h5", model_config=OLD_KERAS.encode())
    weights = hdf5(tmp_path / "w.h5")
    if not with_h5py:
        real = builtins.__import__

        def without(name: str, *rest: Any) -> Any:
            if name == "h5py":
                raise ImportError(name)
            return real(name, *rest)

        monkeypatch.setattr(builtins, "__import__", without)
    assert detect_frontend(quantised) == "qkeras"
    assert detect_frontend(plain) == "keras"
    assert "an HDF5 file without model_config" in complaint(weights)


def test_damaged_archives(tmp_path: Path) -> None:
    whole = tmp_path / "m.keras"
    save_archive(whole, *(f"keras.layers{number}" for number in range(500)))
    raw = whole.read_bytes()
    rule = "model file must be a Keras archive (.keras zip) or a Keras HDF5 model, not "
    cut = tmp_path / "cut.keras"
    for size in (5, 30, len(raw) // 2, len(raw) - 1):
        cut.write_bytes(raw[:size])
        assert complaint(cut).startswith(rule + "a damaged archive (")
    flipped = bytearray(raw)
    flipped[len(raw) // 2] ^= 0xFF
    cut.write_bytes(flipped)
    assert complaint(cut).startswith(rule)
    cut.write_bytes(b"")
    assert complaint(cut) == rule + "empty"
    cut.write_bytes(random.Random(1).randbytes(4000))
    assert complaint(cut).startswith(rule + "a file that begins with b'")
    hdf5(cut, model_config=OLD_KERAS)
    cut.write_bytes(cut.read_bytes()[:600])
    assert complaint(cut).startswith(rule + "a damaged HDF5 file (")


def test_random_bytes_behind_the_right_beginning(tmp_path: Path) -> None:
    path, source = tmp_path / "m.keras", random.Random(2)
    for start in (b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"):
        for _ in range(50):
            path.write_bytes(start + source.randbytes(source.randrange(3000)))
            assert complaint(path).startswith("model file must be a Keras archive")


def test_an_archive_without_a_model(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("readme", "")
    assert complaint(tmp_path / "m.keras").endswith("not a zip archive without config.json")


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.keras"
    save_archive(path, text=" " * 5000)
    monkeypatch.setattr(detect, "MAX_CONFIG_BYTES", 1000)
    assert complaint(path).endswith("an archive whose config.json has 5000 bytes")
    # an archive that understates its size, in the central directory and in the local header
    raw = path.read_bytes().replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(raw)
    assert complaint(path).startswith("model file must be a Keras archive")


def test_a_missing_file(tmp_path: Path) -> None:
    assert complaint(tmp_path / "m.keras") == "model file must be readable, not refused (No such file or directory)"
