#!/usr/bin/env python
"""Train the reference flavour taggers and print what they reach on the shipped evaluation jets.

    python scripts/make_jets.py --train-out TRAIN.h5      (once, with the extra `jets`)
    python scripts/train_flavour.py float --train TRAIN.h5
    python scripts/train_flavour.py student --train TRAIN.h5  (small, learns from the float one)
    python scripts/train_flavour.py qat --train TRAIN.h5      (from the student, in the environment with `qkeras`)
    python scripts/train_flavour.py hgq2 --train TRAIN.h5     (from the float one, in the environment with `hgq2`)

Every tagger is trained from a fixed seed with deterministic kernels on two threads, which gives the same weights
again on the same kind of processor with the same TensorFlow.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np
from numpy.typing import NDArray
from training import BATCH, deterministic, fit, report, save

from fpga_tf.errors import FpgaTfError
from fpga_tf.jets.sample import JetSample, read_sample

if TYPE_CHECKING:
    import keras

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "configs/data/flavour.h5"
MODELS = ROOT / "configs/models"
FLOAT = MODELS / "flavour_float.keras"
STUDENT_FILE = MODELS / "flavour_student.keras"
VALIDATION_SHARE = 0.1
STUDENT_EPOCHS = 80
QAT_EPOCHS = 120
HGQ2_BETA = 1e-7
HGQ2_EPOCHS = 24
HGQ2_BATCH = 1024


def fit_on(
    model: keras.Model,
    train: JetSample,
    loss: Any,
    rate: float,
    epochs: int,
    *,
    batch: int = BATCH,
    targets: NDArray[np.float32] | None = None,
) -> None:
    """Train in place; the last tenth of the jets is held back.

    Args:
        targets: probabilities (n, classes) to be learnt instead of the labels.
    """
    y = train.y if targets is None else targets
    split = int(len(train) * (1 - VALIDATION_SHARE))
    fit(model, (train.x[:split], y[:split]), (train.x[split:], y[split:]), loss, rate, epochs, batch)


def train_float(train: JetSample) -> keras.Model:
    """Plain Keras tagger with probabilities as output."""
    from fpga_tf.jets.taggers import float_tagger

    model = float_tagger()
    fit_on(model, train, "sparse_categorical_crossentropy", rate=3e-3, epochs=30)
    return model


def taught(train: JetSample) -> NDArray[np.float32]:
    """What the shipped float tagger makes of the training jets, probabilities (n, classes)."""
    import keras

    teacher = keras.saving.load_model(FLOAT, compile=False)
    probabilities: NDArray[np.float32] = teacher.predict(train.x, batch_size=2000, verbose=0)
    return probabilities


def train_student(train: JetSample) -> keras.Model:
    """Plain Keras tagger of the quantised one's shape that learns the float one's probabilities."""
    import keras

    from fpga_tf.jets.taggers import STUDENT, float_tagger

    model = float_tagger(STUDENT)
    loss = keras.losses.CategoricalCrossentropy()
    fit_on(model, train, loss, rate=3e-3, epochs=STUDENT_EPOCHS, targets=taught(train))
    return model


def train_qat(train: JetSample) -> keras.Model:
    """QKeras tagger with probabilities as output; starts from the student and learns from its teacher, too."""
    import keras

    from fpga_tf.jets.quantised import copy_weights, integer_bits, logits_model, quantised_tagger

    source = keras.saving.load_model(STUDENT_FILE, compile=False)
    model = quantised_tagger(integer_bits(source, read_sample(SHIPPED, "x_calib", "y_calib").x))
    copy_weights(source, model)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    fit_on(logits_model(model), train, loss, rate=3e-3, epochs=QAT_EPOCHS, targets=taught(train))
    return model


def train_hgq2(train: JetSample) -> keras.Model:
    """HGQ2 tagger with logits as output, bit widths trained along with the weights.

    It has one block; what the float tagger with two knows reaches it as probabilities of the training jets, first in a
    float tagger of its own shape, then with quantisers.
    """
    import keras

    from fpga_tf.jets.hgq2 import copy_weights, hgq2_tagger, trace
    from fpga_tf.jets.taggers import Shape, float_tagger

    targets = taught(train)
    small = float_tagger(Shape(blocks=1))
    fit_on(small, train, keras.losses.CategoricalCrossentropy(), rate=3e-3, epochs=40, targets=targets)
    model = hgq2_tagger(HGQ2_BETA)
    copy_weights(small, model)
    trace(model, train.x[:8000])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    fit_on(model, train, loss, rate=2e-3, epochs=HGQ2_EPOCHS, batch=HGQ2_BATCH, targets=targets)
    print(f"{trace(model, train.x):,} effective bit operations")
    return model


TRAINERS: dict[str, Callable[[JetSample], Any]] = {
    "float": train_float,
    "student": train_student,
    "qat": train_qat,
    "hgq2": train_hgq2,
}
FILES = {
    "float": FLOAT,
    "student": STUDENT_FILE,
    "qat": MODELS / "flavour.keras",
    "hgq2": MODELS / "flavour_hgq2.keras",
}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(TRAINERS))
    parser.add_argument("--train", type=Path, required=True, help="training jets, from make_jets.py --train-out")
    parser.add_argument("--out", type=Path, help="default: the shipped file of this kind in configs/models")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    train = read_sample(arguments.train, "x_train", "y_train")
    evaluation = read_sample(SHIPPED, "x_eval", "y_eval")
    deterministic()
    begin = time.process_time()
    model = TRAINERS[arguments.kind](train)
    print(f"trained in {time.process_time() - begin:.0f} s of processor time")
    out = arguments.out or FILES[arguments.kind]
    save(model, out)
    report(model, evaluation, pairs=((0, 2), (0, 1), (1, 2)))


if __name__ == "__main__":
    try:
        main()
    except FpgaTfError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
