#!/usr/bin/env python
"""Train the five-class taggers of 16 particles and print what they reach on the evaluation jets of their file.

    python scripts/make_lhc_jets.py --out LHC                 (once, with the extra `jets`)
    fpga-tf data lhc-jets LHC/train --eval LHC/val --cut zero-soft --eval-jets 20000 --out LHC16.h5
    python scripts/train_lhc.py teacher --data LHC16.h5       (large, learns the labels)
    python scripts/train_lhc.py student --data LHC16.h5       (small, learns from the teacher)
    python scripts/train_lhc.py qat --data LHC16.h5           (from the student, in the environment with `qkeras`)

With the published jets in the place of LHC the last four lines are the same. Every tagger is trained from a fixed seed
with deterministic kernels on two threads.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np
from numpy.typing import NDArray
from training import deterministic, fit, report, save

from fpga_tf.errors import FpgaTfError
from fpga_tf.jets.sample import JetSample, read_sample

if TYPE_CHECKING:
    import keras

MODELS = Path(__file__).resolve().parents[1] / "configs/models"
FILES = {
    "teacher": MODELS / "lhc16_teacher.keras",
    "student": MODELS / "lhc16_student.keras",
    "qat": MODELS / "lhc16.keras",
}
TEACHER_EPOCHS, STUDENT_EPOCHS, QAT_EPOCHS = 20, 40, 50
TEACHER_RATE, RATE = 1e-3, 3e-3


class Jets:
    """The parts of a file that `fpga-tf data` made."""

    def __init__(self, path: Path) -> None:
        self.train, self.valid, self.calib, self.eval = (
            read_sample(path, f"x_{part}", f"y_{part}") for part in ("train", "valid", "calib", "eval")
        )


def teacher_says(sample: JetSample) -> NDArray[np.float32]:
    """What the teacher makes of jets, probabilities (n, classes)."""
    import keras

    teacher = keras.saving.load_model(FILES["teacher"], compile=False)
    probabilities: NDArray[np.float32] = teacher.predict(sample.x, batch_size=2000, verbose=0)
    return probabilities


def learn_from_teacher(model: keras.Model, jets: Jets, epochs: int, *, logits: bool) -> None:
    """Train on the teacher's probabilities."""
    import keras

    train, held_back = ((part.x, teacher_says(part)) for part in (jets.train, jets.valid))
    fit(model, train, held_back, keras.losses.CategoricalCrossentropy(from_logits=logits), RATE, epochs)


def train_teacher(jets: Jets) -> keras.Model:
    """Plain Keras tagger with two blocks that learns the labels."""
    from fpga_tf.jets.taggers import LHC_TEACHER, float_tagger

    model = float_tagger(LHC_TEACHER, name="lhc16_teacher")
    parts = [(part.x, part.y) for part in (jets.train, jets.valid)]
    fit(model, parts[0], parts[1], "sparse_categorical_crossentropy", TEACHER_RATE, TEACHER_EPOCHS)
    return model


def train_student(jets: Jets) -> keras.Model:
    """Plain Keras tagger of the quantised one's shape."""
    from fpga_tf.jets.taggers import LHC_STUDENT, float_tagger

    model = float_tagger(LHC_STUDENT, name="lhc16_student")
    learn_from_teacher(model, jets, STUDENT_EPOCHS, logits=False)
    return model


def train_qat(jets: Jets) -> keras.Model:
    """QKeras tagger with probabilities as output that starts from the student."""
    import keras

    from fpga_tf.jets.quantised import LHC_WIDTHS, copy_weights, integer_bits, logits_model, quantised_tagger
    from fpga_tf.jets.taggers import LHC_STUDENT

    source = keras.saving.load_model(FILES["student"], compile=False)
    integers = integer_bits(source, jets.calib.x, LHC_WIDTHS)
    model = quantised_tagger(integers, LHC_WIDTHS, LHC_STUDENT, name="lhc16")
    copy_weights(source, model)
    learn_from_teacher(logits_model(model), jets, QAT_EPOCHS, logits=True)
    return model


TRAINERS = {"teacher": train_teacher, "student": train_student, "qat": train_qat}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(TRAINERS))
    parser.add_argument("--data", type=Path, required=True, help="jets, from fpga-tf data")
    parser.add_argument("--out", type=Path, help="default: the shipped file of this kind in configs/models")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    jets = Jets(arguments.data)
    deterministic()
    begin = time.process_time()
    model = TRAINERS[arguments.kind](jets)
    print(f"trained in {time.process_time() - begin:.0f} s of processor time")
    save(model, arguments.out or FILES[arguments.kind])
    report(model, jets.eval)


if __name__ == "__main__":
    try:
        main()
    except FpgaTfError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
