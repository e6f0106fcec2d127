"""Splitting and shuffling: exact numbers, nothing lost, bounded memory."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets import buckets, streamed
from fpga_tf.jets.buckets import Buckets
from fpga_tf.jets.formats import Chunk, Source, Wanted
from fpga_tf.jets.normalise import Scale, measure
from fpga_tf.jets.prepare import Draw, Split, fill, training_blocks, write
from fpga_tf.jets.read_lhc import FORMAT

WANTED = Wanted(1, ("a",), "none")


def source(rows: int, evaluation: bool = False) -> Source:
    return Source(Path("a"), rows, evaluation, lambda: iter(()))


def numbered(rows: int, evaluation: bool = False, first: int = 1, step: int = 7, lost: int = 0) -> Source:
    """Jets whose one value is their number; the first `lost` of each chunk are dropped."""

    def chunks() -> Iterator[Chunk]:
        for begin in range(0, rows, step):
            number = first + np.arange(begin, min(begin + step, rows))
            kept = number[lost:]
            yield Chunk(kept.reshape(-1, 1, 1).astype(np.float32), kept % 3, None, len(number))

    return Source(Path("a"), rows, evaluation, chunks)


@pytest.mark.parametrize(
    ("split", "rows", "held", "drawn", "apart"),
    [
        # the published split
        (
            Split(),
            620_000,
            260_000,
            {"train": 558_000, "valid": 58_000, "calib": 4_000},
            {"eval": 260_000},
        ),
        (Split(), 1000, 0, {"train": 630, "valid": 35, "calib": 35, "eval": 300}, {}),
        (Split(train_jets=100, eval_jets=20), 1000, 0, {"train": 90, "valid": 5, "calib": 5, "eval": 20}, {}),
        (Split(0.0, calib=0), 1000, 10, {"train": 1000, "valid": 0, "calib": 0}, {"eval": 10}),
        (Split(calib=100), 1000, 10, {"train": 900, "valid": 0, "calib": 100}, {"eval": 10}),
    ],
)
def test_quotas(split: Split, rows: int, held: int, drawn: dict[str, int], apart: dict[str, int]) -> None:
    sources = [source(rows - 1), source(1)] + ([source(held, evaluation=True)] if held else [])
    assert split.quotas(sources) == (drawn, apart)


@pytest.mark.parametrize(
    ("split", "sources", "message"),
    [
        (Split(calib=101), [source(1000), source(1, True)], "--calib must be at most the 100 jets .*, not 101"),
        (Split(), [source(1000, True)], "jets for training and for evaluation, not 0 and 1,000"),
        (Split(eval_share=0.0), [source(1000)], "jets for training and for evaluation, not 1,000 and 0"),
        (Split(eval_share=0.3), [source(1)], "jets for training and for evaluation, not 1 and 0"),
    ],
)
def test_splits_that_leave_a_part_empty(split: Split, sources: list[Source], message: str) -> None:
    with pytest.raises(UserError, match=message):
        split.quotas(sources)


def test_draws_are_exact_and_even() -> None:
    first = np.zeros(3)
    for seed in range(400):
        draw = Draw({"a": 10, "b": 5}, 30, np.random.default_rng(seed))
        parts = np.concatenate([draw.next(n) for n in (1, 9, 20)])
        assert np.bincount(parts).tolist() == [10, 5, 15]
        first += np.bincount(parts[:10], minlength=3)
    # each place is equally likely in each part: 1/3, 1/6, 1/2; four standard deviations of 4,000 draws
    np.testing.assert_allclose(first / 4000, [1 / 3, 1 / 6, 1 / 2], atol=0.03)


def made(folder: Path, sources: list[Source], split: Split, seed: int = 1) -> dict[str, list[float]]:
    folder.mkdir()
    parts = fill(sources, WANTED, split, seed, folder, lambda done, of: None)
    return {
        name: [value for records in part.shuffled() for value in records["x"].ravel().tolist()]
        for name, part in parts.items()
    }


def test_every_jet_goes_to_one_part(tmp_path: Path) -> None:
    parts = made(tmp_path / "a", [numbered(100), numbered(60, True, 1000)], Split(calib=3))
    assert {name: len(jets) for name, jets in parts.items()} == {"train": 90, "valid": 7, "calib": 3, "eval": 60}
    assert sorted(parts["train"] + parts["valid"] + parts["calib"]) == list(range(1, 101))
    assert sorted(parts["eval"]) == list(range(1000, 1060))
    assert parts["eval"] != sorted(parts["eval"])


def test_what_a_cut_drops_is_lost_to_no_other(tmp_path: Path) -> None:
    parts = made(tmp_path / "a", [numbered(700, lost=2)], Split(eval_share=0.5, valid_share=0.0))
    jets = Counter(parts["train"] + parts["eval"])
    assert sorted(jets) == [n for n in range(1, 701) if (n - 1) % 7 >= 2]
    assert set(jets.values()) == {1}


def test_seeds(tmp_path: Path) -> None:
    sources = [numbered(100)]
    one, same, other = (made(tmp_path / f"{i}", sources, Split(), seed) for i, seed in enumerate((1, 1, 2)))
    assert one == same
    assert one != other


def test_nothing_left_after_the_cut(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there must be jets for train after the cut, not none"):
        made(tmp_path / "a", [numbered(70, lost=7), numbered(10, True)], Split())


def test_classes_that_come_one_after_the_other_are_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "BUCKET_BYTES", 50 * 9)
    part = Buckets(tmp_path, 1000, 1, 1, np.random.default_rng(3))
    for label in (0, 1):
        for _ in range(10):
            part.add(Chunk(np.ones((50, 1, 1), np.float32), np.full(50, label), None, 50), np.ones(50, bool))
    labels = np.concatenate([records["y"] for records in part.shuffled()])
    assert len(list(tmp_path.iterdir())) == 20
    assert len(labels) == 1000
    for piece in np.split(labels, 10):
        assert 25 < piece.sum() < 75  # 3.5 standard deviations of 100 draws of one half


def test_weights_are_kept_with_their_jets(tmp_path: Path) -> None:
    part = Buckets(tmp_path, 9, 1, 1, np.random.default_rng(3))
    x = np.arange(9, dtype=np.float32)
    part.add(Chunk(x.reshape(9, 1, 1), np.zeros(9, np.int64), 2 * x, 9), x > 2)
    (records,) = part.shuffled()
    assert part.weighted and part.rows == 6
    np.testing.assert_array_equal(records["w"], 2 * records["x"].ravel())


def test_values_too_large_for_the_storage_type(tmp_path: Path) -> None:
    tmp_path.joinpath("parts").mkdir()
    sources = [numbered(100), numbered(60, True, 70_000)]
    parts = fill(sources, WANTED, Split(), 1, tmp_path / "parts", lambda done, of: None)
    scale = measure(lambda: training_blocks(parts), ("a",), "none", "zero")
    with pytest.raises(UserError, match=r"x_eval must be within .-65504 once normalised.*, not 70059"):
        write(tmp_path / "a.h5", parts, scale, {"classes": ["a", "b", "c"]}, lambda done, of: None)


def test_a_file_larger_than_the_memory_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """49 MB of jets pass through less than 8 MB, in pieces of 1 MB."""
    jets, path = 16_000, tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        options = {"compression": "lzf"}
        x = file.create_dataset("jetConstituentList", (jets, 48, 16), "f4", chunks=(250, 48, 16), **options)
        table = file.create_dataset("jets", (jets, 59), "f4", chunks=(250, 59), **options)
        rng = np.random.default_rng(1)
        piece = rng.normal(size=(1000, 48, 16)).astype(np.float32)
        for begin in range(0, jets, 1000):
            piece[:, 0, 5] = 3 + begin + np.arange(1000)
            x[begin : begin + 1000] = piece
            table[begin : begin + 1000, 53 + begin // 1000 % 5] = 1
        assert x.size * 4 > 49e6
    monkeypatch.setattr(streamed, "CHUNK_BYTES", 1 << 20)
    monkeypatch.setattr(buckets, "BUCKET_BYTES", 1 << 20)
    wanted = FORMAT.wanted(16, 3, "compact")
    (tmp_path / "parts").mkdir()
    (found,) = FORMAT.sources(path, False, wanted)
    rows = []

    def watched() -> Iterator[Chunk]:
        for chunk in found.chunks():
            rows.append(chunk.read)
            yield chunk

    tracemalloc.start()
    try:
        sources = [Source(path, found.rows, False, watched)]
        parts = fill(sources, wanted, Split(), 1, tmp_path / "parts", lambda done, of: None)
        scale = measure(lambda: training_blocks(parts), wanted.features, "standard", "normalised")
        attributes = {"classes": list(FORMAT.classes)}
        counts = write(tmp_path / "b.h5", parts, scale, attributes, lambda done, of: None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert max(rows) * 48 * 16 * 4 <= 1 << 20 and sum(rows) == jets
    assert sum(int(n.sum()) for n in counts.values()) == jets
    assert peak < 8_000_000
    with h5py.File(tmp_path / "b.h5") as file:
        assert file["x_train"].shape == (10_080, 16, 3)


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    images = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        parts = fill([numbered(100)], WANTED, Split(), 1, folder, lambda done, of: None)
        write(folder / "a.h5", parts, Scale(np.zeros(1), np.ones(1), "zero"), {"classes": ["a", "b", "c"]}, print)
        images.append((folder / "a.h5").read_bytes())
    assert images[0] == images[1]
