"""Runs on files of Keras 2 with attentions: quantised ones, float ones, and the published b-tagger."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.models.keras2_files import Writer

from ..job import CLASSES, FEATURES, TRACKS, Job

pytestmark = pytest.mark.qkeras

SHARED = Path(__file__).parents[3] / "shared" / "peers"
SETS = {"random_samples": 300, "stress_samples": 32}


@pytest.mark.parametrize("precision", [None, "ap_fixed<11,5,RND_CONV,SAT>"])
def test_a_quantised_file_is_enough(job: Job, precision: str | None) -> None:
    path = Writer(rows=5, features=2).model(2, 3).write(job.folder / "published.h5")
    model = {"path": str(path), **({} if precision is None else {"input_precision": precision})}
    job.config(data=None, model=model, simulation=SETS)
    done = job.run()
    assert done.code == 0, done.err
    agreement = done.json["agreement"]
    assert (agreement["compared"], agreement["differing"]) == ((300 + 4 * 32) * 3, 0)
    whence = "model.input_precision" if precision else "the format of its kernels"
    note = next(n for n in done.json["notes"] if n.startswith("read from a Keras 2 file"))
    assert f"({whence})" in note
    different = next(n for n in done.json["notes"] if n.startswith("no data")).split(" different")[0].split()[-1]
    assert int(different) > 20


def test_layer_normalisations_and_a_sigmoid_agree(job: Job) -> None:
    path = Writer(rows=5, features=4, norms=True, sigmoid=True).model(2).write(job.folder / "published.h5")
    model = {"path": str(path), "input_precision": "ap_fixed<13,7,RND_CONV,SAT>"}
    job.config(data=None, model=model, simulation=SETS, rtl={"generate": "never"})
    done = job.run()
    assert done.code == 0, done.err
    agreement = done.json["agreement"]
    assert (agreement["compared"], agreement["differing"]) == (300 + 4 * 32, 0)
    notes = done.json["notes"]
    assert any(note.startswith("fixed point takes the place of powers of two") for note in notes)
    different = next(n for n in notes if n.startswith("no data")).split(" different")[0].split()[-1]
    assert int(different) > 20


def test_a_changed_weight_is_found_in_its_layer(job: Job) -> None:
    from .test_run_sabotage import VALUES, weight_file

    path = Writer(rows=5, features=2).model(2).write(job.folder / "published.h5")
    job.config(data=None, model={"path": str(path)}, simulation=SETS)
    assert job.run().code == 0
    weights = weight_file(job.project, "down_0", "w")
    match = VALUES.search(weights.read_text())
    assert match is not None
    zeros = ", ".join("0" for _ in match[2].split(", "))
    weights.write_text(weights.read_text().replace(match[0], match[1] + zeros))
    done = job.simulate()
    assert (done.code, done.json["agreement"]["first_diverging_layer"]) == (1, "down_0")


def test_a_float_file_is_quantised_after_training(job: Job) -> None:
    writer = Writer(rows=TRACKS, features=FEATURES, quantised=False).model(2)
    writer.weights["head"]["kernel"] *= 0.1  # probabilities that are no zeros and ones
    path = writer.write(job.folder / "published.h5")
    job.config(
        model={"path": str(path)}, quantise={"weight_bits": 10, "activation_bits": 14}, rtl={"generate": "never"}
    )
    done = job.run()
    assert done.code == 0, done.err or done.json["gates"]
    assert done.json["agreement"]["differing"] == 0
    assert done.json["agreement"]["compared"] > 300 * len(CLASSES)
    assert np.isfinite(done.json["physics"]["float"]["accuracy"])


@pytest.mark.slow
@pytest.mark.parametrize("precision", [None, "ap_fixed<17,7,RND_CONV,SAT>"])
def test_the_published_tagger_agrees(job: Job, precision: str | None) -> None:
    path = SHARED / "btag_qat.h5"
    if not path.is_file():
        pytest.skip("the published model is not here")
    model = {"path": str(path), **({} if precision is None else {"input_precision": precision})}
    job.config(data=None, model=model, rtl={"generate": "never"}, simulation={"random_samples": 1000})
    done = job.run()
    assert done.code == 0, done.err
    agreement = done.json["agreement"]
    assert (agreement["compared"] > 3000, agreement["differing"]) == (True, 0)
