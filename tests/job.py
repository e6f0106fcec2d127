"""A small job for end-to-end tests: one attention block over four tracks, 300 jets, and commands run on them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import yaml

from fpga_tf.jets.sample import JetSample, write_sample

TIMEOUT = 600  # seconds; a hang is a failure, a busy machine is not
TRACKS, FEATURES = 4, 3
CLASSES = ("b", "c", "light")
LAYERS = (
    "tracks_q", "embed", "attention/query", "attention/key", "attention/value", "attention/scores",
    "attention/attention", "attention/context", "attention/output", "sum", "pool", "pool_q", "logits", "probabilities",
)  # fmt: skip


def quantised_model(**extra: Any) -> Any:
    """The quantised tagger with random weights.

    Args:
        extra: by name of a layer, another layer that is put behind it.
    """
    import keras
    import qkeras

    from fpga_tf.layers import QMultiHeadAttention, QSoftmax

    weights = {"kernel_quantizer": "quantized_bits(5,1,alpha=1)", "bias_quantizer": "quantized_bits(5,1,alpha=1)"}
    signed = "quantized_bits(6,2,alpha=1)"
    stages = {f"{stage}_quantizer": signed for stage in ("query", "key", "value", "scores", "context", "output")}

    def after(name: str, tensor: Any) -> Any:
        return extra[name](tensor) if name in extra else tensor

    inputs = keras.layers.Input((TRACKS, FEATURES), name="tracks")
    x = qkeras.QActivation(signed, name="tracks_q")(inputs)
    x = after("embed", qkeras.QDense(4, activation="quantized_relu(6,2)", name="embed", **weights)(x))
    attention = QMultiHeadAttention(
        2, 2, attention_quantizer="quantized_bits(6,0,keep_negative=0)", name="attention", **stages, **weights
    )
    x = keras.layers.Add(name="sum")([x, attention(x, x)])
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    x = qkeras.QDense(len(CLASSES), name="logits", **weights)(qkeras.QActivation(signed, name="pool_q")(x))
    softmax = QSoftmax(
        input_quantizer=signed, output_quantizer="quantized_bits(8,0,keep_negative=0)", name="probabilities"
    )
    return randomised(keras.Model(inputs, softmax(x), name="small"))


def float_model() -> Any:
    """The same in plain Keras."""
    import keras

    layers = keras.layers
    inputs = layers.Input((TRACKS, FEATURES), name="tracks")
    x = layers.Dense(4, activation="relu", name="embed")(inputs)
    x = layers.Add(name="sum")([x, layers.MultiHeadAttention(2, 2, name="attention")(x, x)])
    x = layers.Dense(len(CLASSES), name="logits")(layers.GlobalAveragePooling1D(name="pool")(x))
    return randomised(keras.Model(inputs, layers.Softmax(name="probabilities")(x), name="small_float"))


def randomised(model: Any) -> Any:
    """Weights that no layer shares, so that a change of any shows."""
    rng = np.random.default_rng(3)
    for layer in model.layers:
        layer.set_weights([rng.normal(0, 0.7, w.shape) for w in layer.get_weights()])
    return model


def jets(count: int, seed: int, *, tracks: int = TRACKS, features: int = FEATURES) -> JetSample:
    """Jets whose features tell their class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, len(CLASSES), count)
    x = rng.normal(size=(count, tracks, features)) * 1.5 + (y[:, None, None] - 1.0)
    return JetSample(x.astype(np.float32), y, CLASSES, tuple(f"f{i}" for i in range(features)))


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def steps(self) -> dict[str, bool]:
        """By name of step, whether it came from the store."""
        return {re.sub(r" [0-9,]+ samples", "", step["name"]): step["cached"] for step in self.json["steps"]}


@dataclass(frozen=True)
class Job:
    """A test's own folder, with the models and jets of the session.

    Attributes:
        folder: of the test: the config and, in `out/small`, the project.
        made: of the session: small.keras, small_float.keras, small.h5.
        store: of builds; shared by the session unless a test takes another.
    """

    folder: Path
    made: Path
    store: Path

    @property
    def project(self) -> Path:
        """The project folder."""
        return self.folder / "out" / "small"

    @property
    def environment(self) -> dict[str, str]:
        """Of the commands."""
        kept = {name: value for name, value in os.environ.items() if name != "CXX"}
        return {**kept, "FPGA_TF_STORE": str(self.store), "HOME": str(self.folder)}

    def config(self, **changes: Any) -> Path:
        """The configuration, with sections and keys changed (None: left out)."""
        fields = {
            "name": "small",
            "model": {"path": str(self.made / "small.keras")},
            "data": {"path": str(self.made / "small.h5")},
            "simulation": {"stress_samples": 32},
            "rtl": {"generate": "never"},  # takes half a minute, and has tests of its own
            "project": "out/small",
        } | changes
        path = self.folder / "small.yaml"
        path.write_text(yaml.safe_dump({k: v for k, v in fields.items() if v is not None}, sort_keys=False), "utf-8")
        return path

    def command(self, *arguments: str | Path) -> list[str]:
        """`fpga-tf` with these arguments."""
        return [sys.executable, "-m", "fpga_tf.cli.main", *map(str, arguments)]

    def cli(self, *arguments: str | Path, **environment: str) -> Done:
        """Run `fpga-tf` in a process of its own."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment | environment, cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=TIMEOUT,
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def main(self, *arguments: str | Path, **environment: str) -> Done:
        """Run `fpga-tf` in this process, which has TensorFlow loaded."""
        from fpga_tf.cli.main import main

        out, err = io.StringIO(), io.StringIO()
        before = signal.getsignal(signal.SIGTERM)
        with (
            mock.patch.dict(os.environ, self.environment | environment, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                code = main([str(argument) for argument in arguments])
            finally:
                signal.signal(signal.SIGTERM, before)
        assert "Traceback" not in out.getvalue() + err.getvalue(), err.getvalue()
        return Done(code, out.getvalue(), err.getvalue())

    def run(self, *arguments: str | Path, **environment: str) -> Done:
        """`fpga-tf run small.yaml --format json -q`, with the configuration as it is if there is one."""
        path = self.folder / "small.yaml"
        config = path if path.exists() else self.config()
        return self.main("run", config, "--format", "json", "-q", *arguments, **environment)

    def simulate(self, *arguments: str | Path, **environment: str) -> Done:
        """`fpga-tf simulate out/small --format json -q`."""
        return self.main("simulate", self.project, "--format", "json", "-q", *arguments, **environment)

    def own_store(self, *without: str) -> Job:
        """The same with a copy of the store, without the entries that hold a file of such a name."""
        shutil.copytree(self.store, self.folder / "store")
        copied = Job(self.folder, self.made, self.folder / "store")
        for name in without:
            for path in list(copied.store.glob(f"v1/*/*/{name}")):
                shutil.rmtree(path.parent)
        return copied


PROGRAM, OUTPUTS = "simulate", "outputs.npz"  # names that tell the kind of a store's entry


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder; of the store's only what it would trust."""
    found = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    return {name: raw for name, raw in found.items() if not name.startswith("v1/tmp/")}


def make(folder: Path) -> None:
    """Models and jets of a session."""
    quantised_model().save(folder / "small.keras")
    float_model().save(folder / "small_float.keras")
    write_sample(folder / "small.h5", {"eval": jets(300, 1), "calib": jets(100, 2)}, {"seed": 1})
