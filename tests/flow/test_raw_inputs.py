"""Raw inputs: the hardware's codes are of what Keras gets, in the precision that Keras computes in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.hgq2
BELOW = np.nextafter(4.0, 0.0)  # of float64; in float32 it is 4


@pytest.mark.parametrize("fraction", [1, 15])
def test_codes_and_keras_are_of_one_value(fraction: int, tmp_path: Path) -> None:
    """A value just below an integer, cut and wrapped."""
    import keras
    from hgq.config import QuantizerConfig
    from hgq.quantizer import Quantizer

    from fpga_tf.flow.models import Loaded, _evaluated
    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2

    quantiser = QuantizerConfig("kif", i0=2, f0=fraction, round_mode="TRN", overflow_mode="WRAP")
    x = keras.Input((2,), name="x")
    model = keras.Model(x, Quantizer(quantiser, name="q")(x))
    converted = convert_hgq2(model, Target("top", tmp_path / "project"))
    values = np.array([[BELOW, -BELOW], [1.0 + 2.0**-25, BELOW / 3]])
    codes, expected = _evaluated(Loaded(model, None, "hgq2", []), converted, [values], "float32", "doubled")
    # a quantiser alone: both ports have its format
    assert np.array_equal(codes[0], expected[0])
    assert (codes[0][0] == -4 * 2**fraction).all()
