"""A model with many operators at once, all formats random by seed: few programs to compile, much to compare."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from fpga_tf.fixedpoint import Overflow, Rounding


class Bench:
    """Collects inputs and outputs of one model.

    Args:
        seed: of every choice.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self._count = 0

    def name(self, kind: str) -> str:
        """A layer name."""
        self._count += 1
        return f"{kind}{self._count}"

    def chance(self, probability: float = 0.5) -> bool:
        """True or false."""
        return bool(self.rng.random() < probability)

    def pick(self, *choices: Any) -> Any:
        """One of the choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def bits(self, bits: tuple[int, int] = (3, 9), integer: tuple[int, int] = (0, 4), signed: bool = True) -> str:
        """A QKeras quantiser."""
        b, i = self.whole(*bits), self.whole(*integer)
        if not signed:
            return f"quantized_bits({b},{i},keep_negative=0,alpha=1)"
        kind = self.pick("quantized_bits", "quantized_bits", "quantized_linear")
        return f"{kind}({b},{i},{int(self.chance())},alpha=1)"

    def relu(self) -> str:
        """A rectifying QKeras quantiser."""
        return f"quantized_relu({self.whole(3, 9)},{self.whole(0, 4)})"

    def weight(self) -> str:
        """A quantiser for weights that are about normal."""
        return self.bits((4, 8), (0, 2))

    def fixed(self, width: tuple[int, int] = (4, 10), integer: tuple[int, int] = (1, 4)) -> str:
        """An ap_fixed type with any rounding and any overflow."""
        sign = self.pick("", "", "u")
        rounding, overflow = self.pick(*Rounding), self.pick(*Overflow)
        return f"ap_{sign}fixed<{self.whole(*width)},{self.whole(*integer)},{rounding},{overflow}>"

    def source(self, *shape: int, quantiser: str | None = None) -> Any:
        """A quantised input."""
        from qkeras import QActivation

        x = keras.Input(shape, name=self.name("in"))
        self.inputs.append(x)
        return QActivation(quantiser or self.bits((4, 10), (1, 3)), name=self.name("source"))(x)

    def mask(self, *shape: int) -> Any:
        """An input of bits."""
        x = keras.Input(shape, name=self.name("bits"), dtype="bool")
        self.inputs.append(x)
        return x

    def quantised(self, x: Any, quantiser: str | None = None) -> Any:
        """A QActivation behind a tensor."""
        from qkeras import QActivation

        return QActivation(quantiser or self.bits((5, 9), (2, 4)), name=self.name("quant"))(x)

    def out(self, *tensors: Any) -> None:
        """Make tensors outputs of the model."""
        self.outputs.extend(tensors)

    def model(self) -> Any:
        """The model, with random weights."""
        model = keras.Model(self.inputs, self.outputs)
        for layer in model.layers:
            if layer.weights:
                layer.set_weights([self._values(w) for w in layer.weights])
        return model

    def _values(self, weight: Any) -> Any:
        if "seed" in weight.path:
            return weight.numpy()
        return self.rng.normal(0, 0.8, weight.shape).astype("float32")
