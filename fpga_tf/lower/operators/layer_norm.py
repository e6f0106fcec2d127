"""Layer normalisation nodes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from fpga_tf.fixedpoint import Format, LayerNormDesign, smallest_format
from fpga_tf.lower.context import Conversion, LayerDict, exact_format
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.elementwise import quantise_node
from fpga_tf.lower.operators.linear import exact
from fpga_tf.lower.operators.pooling import division_of

# Constants of each mean.
DIVISION = ("sum_bits", "num_bits", "wide_bits", "up", "den", "offset", "magic", "shift", "nearest")


def layer_norm(ctx: Conversion, call: Call) -> list[LayerDict]:
    """Our QLayerNormalization: its input quantiser, then the normalisation of each row.

    Raises:
        UserError: the layer has no quantisers, or a stage is too wide.
    """
    layer, shape, x = call.layer, call.shape, f"{call.output.name}/input"
    design = layer.design(shape[-1])
    gamma = np.ones(shape[-1]) if layer.gamma is None else exact(layer.quantised_gamma)
    beta = np.zeros(shape[-1]) if layer.beta is None else exact(layer.quantised_beta)
    first = quantise_node(
        ctx,
        name=f"{call.name}_input",
        layer=f"{call.name}/input",
        source=call.inputs[0].name,
        output=x,
        shape=shape,
        fmt=design.formats.input,
        reference=None,
    )
    accum = _accumulator(design, gamma, beta)
    result = ctx.emit(
        "FpgaTfLayerNorm",
        call.name,
        [x],
        call.output.name,
        design.formats.output,
        shape,
        layer=call.name,
        reference=call.output.name,
        weights={"gamma": smallest_format(gamma), "beta": smallest_format(beta)},
        gamma_data=gamma,
        beta_data=beta,
        root_table_data=list(design.table),
        out_shape=shape,
        n_outer=prod(shape[:-1]),
        design=design,
        **stages(design, accum, call.name),
    )
    return [first, result]


def _accumulator(design: LayerNormDesign, gamma: np.ndarray, beta: np.ndarray) -> Format:
    """The exact format of ``d * r * gamma + beta`` for all deviations and roots."""
    d, r = design.formats.deviation, design.formats.inverse
    corners = np.stack([gamma * d.min, gamma * d.max]) * r.max
    # the sum starts from the product, which may be zero; so the shift alone belongs to the range, and so does none
    low = min(0.0, float((np.minimum(corners.min(0), 0.0) + np.minimum(beta, 0.0)).min()))
    high = max(0.0, float((np.maximum(corners.max(0), 0.0) + np.maximum(beta, 0.0)).max()))
    fraction = max(d.fraction + r.fraction + smallest_format(gamma).fraction, smallest_format(beta).fraction)
    return exact_format(low, high, fraction)


def stages(design: LayerNormDesign, accum: Format, layer: str) -> dict[str, Any]:
    """Constants and types of the stages (see layer_norm.h)."""
    f, n = design.formats, design.length
    mean = _mean("mean", exact_format(min(0.0, f.input.min * n), f.input.max * n, f.input.fraction), f.mean, n, layer)
    widest = max(f.deviation.min**2, f.deviation.max**2)
    squares = exact_format(0.0, widest * n, 2 * f.deviation.fraction)
    variance = _mean("variance", squares, f.variance, n, layer)
    types = {
        **mean.pop("typedefs"),
        **variance.pop("typedefs"),
        "deviation_t": f.deviation.ap_type,
        "square_t": exact_format(0.0, widest, 2 * f.deviation.fraction).ap_type,
        "inverse_t": f.inverse.ap_type,
        "root_t": f"ap_ufixed<{design.root_bits},{design.root_bits - design.root_fraction}>",
        "accum_t": accum.ap_type,
    }
    return {
        **mean,
        **variance,
        "typedefs": types,
        "n_slice": n,
        "variance_bits": f.variance.width,
        "guard": design.guard,
        "epsilon_code": design.epsilon_code,
        "half": design.half,
        "address_bits": design.address_bits,
        "n_roots": len(design.table),
        "root_bits": design.root_bits,
    }


def _mean(stage: str, total: Format, fmt: Format, count: int, layer: str) -> dict[str, Any]:
    """Constants and types of a mean over `count` values whose sum has the format `total`."""
    accum = Format(True, total.integer, total.fraction)
    division = division_of(accum, fmt, count, f"{layer}, {stage}")
    bits = division["num_bits"]
    types = {
        "t": fmt.ap_type,
        "sum_t": accum.ap_type,
        # the sum with its point moved: the mean over a power of two
        "moved_t": f"ap_fixed<{accum.width},{accum.width - accum.fraction - (count.bit_length() - 1)}>",
        "rounded_t": f"ap_fixed<{bits},{bits - fmt.fraction}>",
    }
    typedefs = {f"{stage}_{name}": text for name, text in types.items()}
    return {**{f"{stage}_{name}": division[name] for name in DIVISION}, "typedefs": typedefs}
