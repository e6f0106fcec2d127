"""The shipped HGQ2 tagger with a changed weight: the layer is found, whatever was made in the process before."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ..job import Job
from .test_run_sabotage import VALUES, weight_file

pytestmark = pytest.mark.hgq2

CONFIGS = Path(__file__).parents[2] / "configs"


def make_other_layers() -> None:
    """Let Keras count on: a sum's quantisers have no names of their own."""
    import keras
    from hgq.layers import QAdd

    x = keras.Input((3,))
    keras.Model(x, QAdd()([x, x, x]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The tagger's project, run once."""
    folder = tmp_path_factory.mktemp("hgq2")
    (folder / "store").mkdir(mode=0o700)
    job = Job(folder, CONFIGS, folder / "store")
    make_other_layers()
    done = job.main(
        "run",
        job.config(
            model={"path": str(CONFIGS / "models" / "flavour_hgq2.keras")},
            data={"path": str(CONFIGS / "data" / "flavour.h5"), "max_samples": 200},
        ),
        "--format", "json", "-q",
    )  # fmt: skip
    assert done.code == 0, done.out
    assert done.json["agreement"]["differing"] == 0
    return job


def test_a_model_file_is_enough(made: Job, tmp_path: Path) -> None:
    job = Job(tmp_path, made.made, made.store)
    model = str(CONFIGS / "models" / "flavour_hgq2.keras")
    job.config(model={"path": model}, data=None, simulation={"random_samples": 100, "stress_samples": 8})
    done = job.run()
    assert done.code == 0, done.err
    assert done.json["agreement"]["differing"] == 0
    assert done.json["agreement"]["sets"][0]["compared"] == 100 * 3
    assert any(note.startswith("no data: compared on 100 random inputs, which give ") for note in done.json["notes"])
    assert done.json["physics"]["quantised"] is None


def zeroed(path: Path) -> None:
    """Set all values of a weight file to zero: a single one may be of an input that is never above zero."""
    text = path.read_text()
    match = VALUES.search(text)
    assert match is not None
    values = match[2].split(", ")
    path.write_text(text.replace(match[0], match[1] + ", ".join("0" for _ in values)))


@pytest.mark.parametrize("layer", ["back1", "logits"])
def test_the_first_layer_that_differs_is_named(layer: str, made: Job, tmp_path: Path) -> None:
    job = Job(tmp_path, made.made, made.store)
    shutil.copytree(made.project, job.project)
    changed = weight_file(job.project, layer, "w")
    zeroed(changed)
    make_other_layers()
    done = job.simulate()
    assert done.code == 1
    assert done.json["agreement"]["differing"] > 0
    assert done.json["agreement"]["first_diverging_layer"] == layer
    assert done.json["notes"] == [f"1 generated file was edited: {changed.relative_to(job.project)}"]


def test_a_project_that_names_other_quantisers_is_told_so(made: Job, tmp_path: Path) -> None:
    job = Job(tmp_path, made.made, made.store)
    shutil.copytree(made.project, job.project)
    zeroed(weight_file(job.project, "back1", "w"))
    manifest = job.project / "fpga_tf.json"
    text, count = re.subn(r"\|hidden1_sum/\d", "|quantizer_4", manifest.read_text())
    assert count == 2
    manifest.write_text(text)
    done = job.simulate()
    assert done.code == 1
    assert done.json["agreement"]["first_diverging_layer"] is None
    assert (
        "the first diverging layer is not known: a layer must be compared behind a quantiser of the model, "
        "not behind 'quantizer_4'"
    ) in done.json["notes"]
