"""`fpga-tf data`: from public files to a sample that a run reads."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fpga_tf.cli.main import main
from fpga_tf.flow import data
from fpga_tf.jets import read_btag, read_jetclass, read_jetnet, read_lhc
from fpga_tf.jets.formats import Cut, Normalise
from fpga_tf.jets.sample import read_sample

from ..jets.public_files import (
    btag_arrays,
    jetclass_arrays,
    jetnet_arrays,
    lhc_arrays,
    write_hdf5,
    write_lhc,
    write_root,
)


@pytest.fixture
def lhc(tmp_path: Path) -> Path:
    """Two training files and one for evaluation."""
    for name, jets, seed in (("train/a.h5", 60, 1), ("train/b.h5", 40, 2), ("val/c.h5", 30, 3)):
        write_lhc(tmp_path / name, *lhc_arrays(jets, seed))
    return tmp_path


def make(lhc: Path, *options: str) -> int:
    arguments = [str(lhc / "train"), "--eval", str(lhc / "val"), "--out", str(lhc / "out.h5"), *options]
    return main(["data", "lhc-jets", *arguments])


def test_names_of_choices_are_those_of_the_readers() -> None:
    formats = [m.FORMAT for m in (read_lhc, read_jetclass, read_btag, read_jetnet)]
    assert tuple(f.name for f in formats) == data.FORMATS
    assert set(data.CUTS) == set(Cut.__args__) and set(data.NORMALISATIONS) == set(Normalise.__args__)
    assert {cut for f in formats for cut in f.cuts} == set(data.CUTS)


def jets_of(lhc: Path, part: str) -> np.ndarray:
    """The three features of the first eight particles, as the layout has them."""
    found = []
    for path in sorted((lhc / part).iterdir()):
        with h5py.File(path) as file:
            found.append(file["jetConstituentList"][:, :8][..., [5, 8, 11]])
    return np.concatenate(found)


def expected(raw: np.ndarray, subtract: np.ndarray, divide: np.ndarray) -> list[bytes]:
    scaled = ((raw.astype(np.float32) - subtract) / divide).astype(np.float32).astype(np.float16)
    return sorted(jet.tobytes() for jet in scaled)


def test_published_preprocessing(lhc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(lhc, "--particles", "8", "--cut", "zero-soft", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    raw, held = (x * (x[..., :1] >= 2) for x in (jets_of(lhc, "train"), jets_of(lhc, "val")))
    with h5py.File(lhc / "out.h5") as file:
        at = dict(file.attrs)
        parts = {name: file[f"x_{name}"][()] for name in ("train", "valid", "calib", "eval")}
    # mean and standard deviation over jets and slots of training and validation, padding included
    np.testing.assert_allclose(at["subtract"], raw.reshape(-1, 3).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(at["divide"], raw.reshape(-1, 3).std(axis=0), rtol=1e-12)
    assert {name: len(x) for name, x in parts.items()} == {"train": 90, "valid": 5, "calib": 5, "eval": 30}
    training = sorted(jet.tobytes() for name in ("train", "valid", "calib") for jet in parts[name])
    assert training == expected(raw, at["subtract"], at["divide"])
    assert sorted(jet.tobytes() for jet in parts["eval"]) == expected(held, at["subtract"], at["divide"])
    names = ("format", "cut", "normalise", "padding", "seed")
    assert [at[name] for name in names] == ["lhc-jets", "zero-soft", "standard", "normalised", 2026]
    files = [lhc / name for name in ("train/a.h5", "train/b.h5", "val/c.h5")]
    assert [(s["name"], s["sha256"], s["jets"], s["evaluation"]) for s in json.loads(at["sources"])] == [
        (path.name, sha256(path.read_bytes()).hexdigest(), jets, held)
        for path, jets, held in zip(files, (60, 40, 30), (False, False, True), strict=True)
    ]
    assert told["shape"] == [8, 3] and told["features"] == ["pt", "etarel", "phirel"]
    assert {part: sum(n.values()) for part, n in told["jets"].items()} == {name: len(x) for name, x in parts.items()}
    assert told["subtract"] == at["subtract"].tolist()


def test_labels_stay_with_their_jets(lhc: Path) -> None:
    assert make(lhc, "--particles", "8", "--normalise", "none") == 0
    sample = read_sample(lhc / "out.h5", "x_eval", "y_eval")
    assert sample.classes == ("g", "q", "w", "z", "t") and sample.features == ("pt", "etarel", "phirel")
    with h5py.File(lhc / "val/c.h5") as file:
        labels = file["jets"][:, 53:58].argmax(axis=1)
    known = {jet.astype(np.float16).tobytes(): label for jet, label in zip(jets_of(lhc, "val"), labels, strict=True)}
    assert len(known) == 30
    assert [known[jet.astype(np.float16).tobytes()] for jet in sample.x] == sample.y.tolist()


def test_robust_and_compact(lhc: Path) -> None:
    assert make(lhc, "--particles", "20", "--features", "16", "--cut", "compact", "--normalise", "robust") == 0
    rows: list[np.ndarray] = []
    for path in sorted((lhc / "train").iterdir()):
        with h5py.File(path) as file:
            for jet in file["jetConstituentList"][()]:
                hard = jet[jet[:, 5] > 2]
                rows += [np.pad(hard, ((0, 20 - len(hard)), (0, 0)))] * bool(len(hard))
    values = np.stack(rows).reshape(-1, 16)
    low, median, high = np.percentile(values, (5, 50, 95), axis=0)
    with h5py.File(lhc / "out.h5") as file:
        np.testing.assert_allclose(file.attrs["subtract"], median, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(file.attrs["divide"], high - low, rtol=1e-12)
        assert sum(len(file[f"y_{part}"]) for part in ("train", "valid", "calib")) == len(rows) < 100


def test_padding_of_zero(lhc: Path) -> None:
    assert make(lhc, "--particles", "8", "--padding", "zero") == 0
    x = read_sample(lhc / "out.h5", "x_train", "y_train").x
    free = (x == 0).all(axis=2)
    assert 0.1 < free.mean() < 0.5 and (np.diff(free.astype(int), axis=1) >= 0).all()


def test_limits_and_text(lhc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--particles", "4", "--train-jets", "50", "--eval-jets", "10", "--calib", "0")
    assert make(lhc, *options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("[3/5] read 130 jets")
    assert lines[5].endswith("out.h5: 60 jets of 4 particles with 3 features")
    assert [line.split()[:2] for line in lines[6:9]] == [["train", "45"], ["valid", "5"], ["eval", "10"]]
    assert make(lhc, *options, "--quiet") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_same_twice_is_the_same_file(lhc: Path) -> None:
    images = []
    for seed in ("1", "1", "2"):
        assert make(lhc, "--particles", "8", "--seed", seed) == 0
        images.append((lhc / "out.h5").read_bytes())
    assert images[0] == images[1] != images[2]


def test_jetnet(tmp_path: Path) -> None:
    for i, name in enumerate("gqtwz"):
        arrays = {"particle_features": jetnet_arrays(40, seed=i), "jet_features": np.zeros((40, 4))}
        write_hdf5(tmp_path / f"in/{name}.hdf5", arrays)
    assert main(["data", "jetnet", str(tmp_path / "in"), "--out", str(tmp_path / "out.h5")]) == 0
    sample = read_sample(tmp_path / "out.h5", "x_eval", "y_eval")
    assert sample.x.shape == (60, 30, 3) and sample.classes == ("g", "q", "t", "w", "z")
    assert len(set(sample.y[:20].tolist())) > 2  # classes that come file by file are mixed
    assert (sample.x[:, 0] != 0).all() and (sample.x[:, -1] == 0).any()


def test_btag(tmp_path: Path) -> None:
    arrays = btag_arrays(200, seed=3)
    path = write_hdf5(tmp_path / "in.h5", arrays)
    assert main(["data", "cms-btag", str(path), "--out", str(tmp_path / "out.h5")]) == 0
    with h5py.File(tmp_path / "out.h5") as file:
        assert sorted(file) == sorted(
            [*(f"{k}_{part}" for k in "xy" for part in ("train", "valid", "calib", "eval")), "w_train", "w_valid"]
        )
        stored = arrays["x_train"].astype(np.float32).astype(np.float16)
        weights = {x.tobytes(): w for x, w in zip(stored, arrays["w_train"], strict=True)}
        for jet, weight in zip(file["x_train"][()], file["w_train"][()], strict=True):
            assert weight == np.float32(weights[jet.tobytes()])
        assert len(file["x_eval"]) == 100
    assert read_sample(tmp_path / "out.h5", "x_eval", "y_eval").classes == ("b", "c", "light")


def test_jetclass(tmp_path: Path) -> None:
    pytest.importorskip("uproot")
    for i in (0, 1):
        write_root(tmp_path / f"in/{i}.root", jetclass_arrays(50, seed=i))
    assert main(["data", "jetclass", str(tmp_path / "in"), "--particles", "6", "--out", str(tmp_path / "out.h5")]) == 0
    sample = read_sample(tmp_path / "out.h5", "x_train", "y_train")
    assert sample.x.shape == (63, 6, 17) and len(sample.classes) == 10 and np.abs(sample.x).max() <= 5


def run_wrong(lhc: Path, *options: str) -> int:
    (lhc / "out.h5").write_text("old")
    return make(lhc, *options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--eval", "train/a.h5"), "a file must be given once, not twice"),
        (("--eval", "empty"), "a folder must hold files that end in .h5 or .hdf5"),
        (("--eval", "no.h5"), "the jets must be an existing file or folder"),
        (("--particles", "21"), "--particles must be at most 20, as the file has, not 21"),
        (("--calib", "11"), "--calib must be at most the 10 jets of the validation share, not 11"),
        (("--cut", "soft"), "'soft' is not one of 'none', 'zero-soft', 'compact'"),
        (("--valid-share", "1"), "--valid-share must be at least 0 and below 1, not 1"),
        (("--eval-share", "nan"), "--eval-share must be at least 0 and below 1, not nan"),
        (("--only", "calib", "--calib", "0"), "--only must name a part that gets jets, not just calib"),
    ],
)
def test_wrong_use(
    lhc: Path, options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    (lhc / "empty").mkdir()
    monkeypatch.chdir(lhc)
    assert run_wrong(lhc, *options) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert (lhc / "out.h5").read_text() == "old"
    assert not (lhc / ".out.h5.part").exists()


def test_the_output_is_no_input(lhc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = str(lhc / "train/a.h5"), str(lhc / "train/b.h5")
    before = Path(a).read_bytes()
    assert main(["data", "lhc-jets", a, b, "--particles", "8", "--out", a]) == 2
    assert "the output must be none of the inputs" in capsys.readouterr().err
    assert Path(a).read_bytes() == before


def test_a_bad_jet_late_in_a_file(lhc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with h5py.File(lhc / "train/b.h5", "a") as file:
        file["jetConstituentList"][39, 1, 8] = np.inf
    assert run_wrong(lhc, "--particles", "8") == 2
    assert "b.h5:jetConstituentList[39, 1, 8]" in capsys.readouterr().err
    assert (lhc / "out.h5").read_text() == "old"
    assert sorted(p.name for p in lhc.iterdir()) == ["out.h5", "train", "val"]
