"""Small files in the layouts of public jet sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from fpga_tf.jets.lhc_layout import COLUMNS, FIRST_LABEL, JET_COLUMNS


def lhc_arrays(jets: int, seed: int, particles: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Constituents (jets, particles, 16) by falling pt with 1 to `particles` of them, and the table (jets, 59)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(jets, particles, 16)).astype(np.float32).astype(np.float64)
    pt = rng.exponential(rng.uniform(0.1, 8.0, (jets, 1)), (jets, particles)).astype(np.float32)
    x[..., COLUMNS.index("pt")] = -np.sort(-pt, axis=1)
    x[np.arange(particles) >= rng.integers(1, particles + 1, jets)[:, None]] = 0
    table = np.zeros((jets, len(JET_COLUMNS)))
    table[np.arange(jets), FIRST_LABEL + rng.integers(5, size=jets)] = 1
    return x, table


def write_lhc(path: Path, x: np.ndarray, table: np.ndarray, **changed: Any) -> Path:
    """A file with the keys of Zenodo 3602260; `changed` replaces datasets, None leaves them out."""
    datasets: dict[str, Any] = {
        "jetConstituentList": x,
        "jets": table,
        "jetFeatureNames": np.array([f"j_{name}" for name in JET_COLUMNS], "S"),
        "particleFeatureNames": np.array([f"j1_{name}" for name in (*COLUMNS, "pdgid")], "S"),
        "jetImage": np.zeros((len(x), 4, 4)),
        **changed,
    }
    return write_hdf5(path, datasets)


def write_hdf5(path: Path, datasets: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            if values is not None:
                file[name] = values
    return path


def jetnet_arrays(jets: int, seed: int, particles: int = 30) -> np.ndarray:
    """Particles (jets, particles, 4) of JetNet, in no order; absent ones hold rubbish behind their mask of 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0.0, 0.1, (jets, particles, 4)).astype(np.float32)
    x[..., 2] = rng.uniform(0.001, 0.5, (jets, particles))
    x[..., 3] = rng.random((jets, particles)) < 0.7
    x[:, 0, 3] = 1
    return x


def jetclass_arrays(jets: int, seed: int) -> dict[str, Any]:
    """Branches of JetClass: lists of 1 to 8 particles in no order, numbers of jets, ten labels."""
    import awkward as ak

    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 9, jets)
    total = int(counts.sum())

    def lists(values: np.ndarray) -> Any:
        return ak.unflatten(values.astype(np.float32), counts)

    spread = ("px", "py", "pz", "deta", "dphi", "d0val", "dzval")
    found = {f"part_{name}": lists(rng.normal(0, 3, total)) for name in spread}
    found |= {f"part_{name}": lists(rng.exponential(0.5, total)) for name in ("d0err", "dzerr")}
    found["part_energy"] = lists(rng.exponential(20, total) + 0.5)
    found["part_charge"] = lists(rng.integers(-1, 2, total))
    for name in ("isChargedHadron", "isNeutralHadron", "isPhoton", "isElectron", "isMuon"):
        found[f"part_{name}"] = lists(rng.integers(0, 2, total))
    found |= {name: rng.uniform(500, 1000, jets).astype(np.float32) for name in ("jet_pt", "jet_energy", "jet_eta")}
    label = rng.integers(10, size=jets)
    names = ("QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq", "Tbqq", "Tbl")
    return found | {f"label_{name}": (label == i).astype(np.int32) for i, name in enumerate(names)}


def write_root(path: Path, branches: dict[str, Any], tree: str = "tree") -> Path:
    """A ROOT file with one TTree; lists become branches of variable length."""
    import uproot

    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = {
        name: np.asarray(v).dtype if isinstance(v, np.ndarray) else "var * float32" for name, v in branches.items()
    }
    with uproot.recreate(path) as file:
        file.mktree(tree, kinds).extend(branches)
    return path


def btag_arrays(jets: int, seed: int) -> dict[str, np.ndarray]:
    """Datasets of the b-tagging set: `jets` for training, half as many for the test."""
    rng = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {}
    for part, n in (("train", jets), ("test", jets // 2)):
        found[f"x_{part}"] = rng.normal(size=(n, 15, 6))
        found[f"y_{part}"] = rng.integers(3, size=n)
    return found | {"w_train": rng.uniform(0.5, 2.0, jets)}
