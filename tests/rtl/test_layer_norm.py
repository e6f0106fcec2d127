"""The traced reciprocal root: every variance, by table and by the search for the leading bits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, NormFormats, bits_format, design_layer_norm
from fpga_tf.fixedpoint.layer_norm import inverse_codes
from tests.rtl.test_numbers import computed, values

pytestmark = pytest.mark.qkeras
FORMATS = NormFormats(*[bits_format(8, 3)] * 6)


@pytest.mark.parametrize("epsilon", [1e-3, 1e-4, 0.5, 20.0])
@pytest.mark.parametrize("bits", [1, 9, 10, 11, 13])
def test_every_variance_has_the_root_of_the_reference(bits: int, epsilon: float) -> None:
    from fpga_tf.rtl.operators.layer_norm import inverse_root

    for integer in (0, 4):
        for inverse in ("ap_ufixed<7,5,AP_RND_CONV,AP_SAT>", "ap_ufixed<8,1,AP_RND_INF,AP_WRAP>"):
            variance = bits_format(bits, integer, signed=False)
            formats = replace(FORMATS, variance=variance, inverse=Format.parse(inverse))
            design = design_layer_norm(formats, 4, epsilon)
            found = computed(variance, lambda number: inverse_root(design, number))  # noqa: B023 - called at once
            wanted = formats.inverse.dequantise(inverse_codes(design, np.arange(2**bits)))
            assert np.array_equal(found, wanted)
            assert len(values(variance)) == len(found)


def test_what_is_too_wide_is_refused() -> None:
    """A wide variance with a tiny epsilon, which the HLS project holds."""
    from qkeras import QActivation

    from fpga_tf.layers import QLayerNormalization
    from fpga_tf.lower.walk import lower
    from fpga_tf.rtl.trace import trace

    inputs = keras.Input((4,), name="x")
    text = "quantized_bits(8,3,alpha=1)"
    stages: dict[str, Any] = {f"{s}_quantizer": text for s in ("input", "mean", "deviation", "gamma", "beta", "output")}
    stages["variance_quantizer"] = "quantized_bits(14,6,keep_negative=0,alpha=1)"
    stages["inverse_quantizer"] = "quantized_bits(10,4,keep_negative=0,alpha=1)"
    layer = QLayerNormalization(**stages, epsilon=1e-7, name="norm")
    model = keras.Model(inputs, layer(QActivation(text, name="q")(inputs)))
    lowered = lower(model)
    assert layer.design(4).argument_bits > 32
    with pytest.raises(UserError, match="exact results must have at most 32 bits here to become RTL"):
        trace(model, lowered)
