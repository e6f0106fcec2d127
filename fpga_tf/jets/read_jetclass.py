"""JetClass (Qu et al., Zenodo 6619768): ROOT files with a tree `tree`, ten classes (needs the extra `data`).

The inputs and their fixed transformations, (value - subtract) * multiply, then clipped, are those that the authors'
configuration `JetClass_full.yaml` (particle_transformer, commit 512fcd14) gives the network. What that configuration
does otherwise: it repeats particles in free slots, which its network then masks; here free slots are zero.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets import streamed
from fpga_tf.jets.extra import require
from fpga_tf.jets.formats import Chunk, JetFormat, Source, Wanted
from fpga_tf.jets.streamed import check_finite, one_hot, pieces

TREE = "tree"
CLASSES = ("QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq", "Tbqq", "Tbl")
SLOTS_MAX = 128
_KINDS = ("charge", "isChargedHadron", "isNeutralHadron", "isPhoton", "isElectron", "isMuon")
_STORED = ("px", "py", "energy", "deta", "dphi", "d0val", "d0err", "dzval", "dzerr", *_KINDS)
_JET = ("jet_pt", "jet_energy")
_ROW_BYTES = SLOTS_MAX * len(_STORED) * 8


@dataclass(frozen=True)
class Transformation:
    """(value - subtract) * multiply, clipped to low to high."""

    subtract: float = 0.0
    multiply: float = 1.0
    low: float = -5.0
    high: float = 5.0


_SAME = Transformation()
_UNIT = Transformation(low=0.0, high=1.0)
INPUTS = {
    "part_pt_log": Transformation(1.7, 0.7),
    "part_e_log": Transformation(2.0, 0.7),
    "part_logptrel": Transformation(-4.7, 0.7),
    "part_logerel": Transformation(-4.7, 0.7),
    "part_deltaR": Transformation(0.2, 4.0),
    **{f"part_{name}": _SAME for name in _KINDS},
    **{"part_d0": _SAME, "part_d0err": _UNIT, "part_dz": _SAME, "part_dzerr": _UNIT},
    **{"part_deta": _SAME, "part_dphi": _SAME},
}
"""The 17 inputs in their order."""


def sources(path: Path, evaluation: bool, wanted: Wanted) -> list[Source]:
    """The jets of one file.

    Raises:
        UserError: uproot is missing, or the file does not have the tree with the branches.
    """
    with _tree(path) as tree:
        return [Source(path, int(tree.num_entries), evaluation, lambda: _chunks(path, wanted))]


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turns what uproot raises on damaged files, which depends on where the damage lies, into a UserError."""
    uproot = require("uproot", "data")
    kinds = (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RuntimeError, ArithmeticError)
    memory = (MemoryError, NotImplementedError, struct.error, zlib.error, uproot.DeserializationError)
    try:
        yield
    except (*kinds, *memory) as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"the jets must be a readable, whole ROOT file, not fail with: {told}", where=str(path)
        ) from error


@contextmanager
def _tree(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise UserError("the jets must be an existing file", where=str(path), hint="check the path, relative to where")
    uproot = require("uproot", "data")
    with _damage(path):
        file = uproot.open(path)
    with file:
        with _damage(path):
            tree = file.get(TREE)
            is_tree = getattr(tree, "classname", "") == "TTree"
            branches = set(tree.keys()) if is_tree else set()
        if not is_tree:
            raise UserError(f"the file must hold a tree {TREE!r}", where=str(path))
        missing = [name for name in _branches() if name not in branches]
        if missing:
            raise UserError(f"the tree must have the branches {', '.join(missing)}", where=f"{path}:{TREE}")
        if tree.num_entries < 1:
            raise UserError("the tree must hold a jet, not none", where=f"{path}:{TREE}")
        yield tree


def _branches() -> list[str]:
    return [*(f"part_{name}" for name in _STORED), *_JET, *(f"label_{name}" for name in CLASSES)]


def _chunks(path: Path, wanted: Wanted) -> Iterator[Chunk]:
    with _tree(path) as tree:
        for begin, end in pieces(int(tree.num_entries), max(1, streamed.CHUNK_BYTES // _ROW_BYTES)):
            where = f"{path}:{TREE}"
            with _damage(path):
                read = tree.arrays(_branches(), entry_start=begin, entry_stop=end, library="ak")
            if len(read) != end - begin:
                raise UserError(f"the tree must hold {end:,} jets as it says, not {begin + len(read):,}", where=where)
            labels = np.stack([_flat(read, f"label_{name}", where, begin) for name in CLASSES], axis=1)
            y = one_hot(labels, f"{where}:label_*", begin)
            x = _inputs(_particles(read, wanted.particles, where, begin))
            check_finite(x, f"{where}:inputs", begin)
            yield Chunk(x, y, None, end - begin)


def _flat(read: Any, name: str, where: str, first: int) -> NDArray[np.float64]:
    """One number for each jet (n,)."""
    with _damage(Path(where)):
        values = np.asarray(read[name], np.float64)
    if values.ndim != 1:
        raise UserError(f"{name} must be one number for each jet, not {read[name].type}", where=where)
    check_finite(values, f"{where}:{name}", first)
    return values


def _particles(read: Any, slots: int, where: str, first: int) -> dict[str, NDArray[np.float64]]:
    """The stored columns of the hardest particles (n, slots), 0 in free slots, and of the jets (n, 1)."""
    ak = require("awkward", "data")
    columns = {name: read[f"part_{name}"] for name in _STORED}
    for name, column in columns.items():
        if column.ndim != 2 or not ak.all(ak.num(column) == ak.num(columns["px"])):
            raise UserError(f"part_{name} must have one number for each particle, as part_px", where=where)
    order = ak.argsort(-np.hypot(columns["px"], columns["py"]), axis=1, stable=True)
    found = {}
    for name, column in columns.items():
        padded = ak.fill_none(ak.pad_none(column[order], slots, clip=True), 0.0)
        found[name] = np.asarray(ak.to_numpy(padded), np.float64)
        check_finite(found[name], f"{where}:part_{name}", first)
    present = np.arange(slots) < ak.to_numpy(ak.num(columns["px"]))[:, None]
    return {**found, **{name: _flat(read, name, where, first)[:, None] for name in _JET}, "present": present}


def _inputs(of: dict[str, NDArray[np.float64]]) -> NDArray[np.float32]:
    """The transformed inputs (n, slots, 17), 0 in free slots; the logarithm of 0 is clipped like any other value."""
    pt = np.hypot(of["px"], of["py"])
    with np.errstate(divide="ignore", invalid="ignore"):
        derived = {
            "part_pt_log": np.log(pt),
            "part_e_log": np.log(of["energy"]),
            "part_logptrel": np.log(pt / of["jet_pt"]),
            "part_logerel": np.log(of["energy"] / of["jet_energy"]),
            "part_deltaR": np.hypot(of["deta"], of["dphi"]),
            "part_d0": np.tanh(of["d0val"]),
            "part_dz": np.tanh(of["dzval"]),
        }
    columns = []
    for name, how in INPUTS.items():
        value = derived[name] if name in derived else of[name.removeprefix("part_")]
        columns.append(np.where(of["present"], np.clip((value - how.subtract) * how.multiply, how.low, how.high), 0.0))
    return np.stack(columns, axis=2).astype(np.float32)


FORMAT = JetFormat(
    name="jetclass",
    endings=(".root",),
    classes=CLASSES,
    features=(tuple(INPUTS),),
    particles=SLOTS_MAX,
    particles_max=SLOTS_MAX,
    cuts=("none",),
    normalisations=("none",),
    padding="zero",
    sources=sources,
)
