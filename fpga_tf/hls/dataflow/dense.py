"""Dense nodes as row kernels."""

from __future__ import annotations

from math import prod

import numpy as np

from fpga_tf.fixedpoint import Format
from fpga_tf.hls.dataflow.kernel import Bank, Codes, Constant, Kernel, Rows, Step, multiply, rounded, summed
from fpga_tf.hls.dataflow.node import Node


def dense(node: Node) -> Kernel | None:
    """An EinsumDense that sums over the last axes of its input, or (Linformer) over its rows; None for any other."""
    x, rest = node["equation"].split(",")
    kernel, out = rest.split("->")
    summed_axes = [a for a in x if a not in out]
    kept = [a for a in x if a in out]
    new = [a for a in kernel if a not in x]
    if any(a in kernel for a in kept) or not set(kernel) >= set(summed_axes):
        return None
    sizes = dict(zip(x, node["inp_shape"], strict=True)) | dict(zip(kernel, node["weight_data"].shape, strict=True))
    matrix = np.einsum(f"{kernel}->{''.join(new)}{''.join(summed_axes)}", node["weight_data"])
    matrix = matrix.reshape(prod(sizes[a] for a in new), prod(sizes[a] for a in summed_axes))
    if list(x) == kept + summed_axes and list(out) == kept + new:
        return _rows(node, matrix, prod(sizes[a] for a in kept))
    if len(x) == 2 and list(x) == summed_axes + kept and list(out) == new + kept and node.bias is None:
        return _mix(node, matrix)
    return None


def _weight_codes(node: Node, matrix: np.ndarray, x: Format) -> Codes:
    """Codes with the fraction that makes a product one of the accumulator."""
    return Constant.integers("weight", matrix, node.accum.fraction - x.fraction).codes.reshape(matrix.shape)


def _bias_codes(node: Node, count: int) -> Codes:
    """Codes with the fraction of the accumulator, one for each output."""
    bias = np.zeros(count) if node.bias is None else np.broadcast_to(node.bias, node["out_shape"])
    return Constant.integers("bias", bias, node.accum.fraction).codes.reshape(-1, count)


def _rows(node: Node, matrix: np.ndarray, rows: int) -> Kernel | None:
    given, fmt = node.rows(0), node.format(0)
    n_out, n_in = matrix.shape
    biases = _bias_codes(node, n_out)
    if not given.plain or (biases != biases[0]).any():
        return None
    codes = _weight_codes(node, matrix, fmt)
    if given.channels == n_in and given.count == rows:
        return _dense_rows(node, codes, biases[0], Rows(rows, n_out, node.shape, tuple(range(len(node.shape)))))
    if rows == 1 and given.count * given.channels == n_in:
        return _dense_whole(node, codes, biases[0], given)
    return None


def _types(node: Node) -> dict[str, str]:
    return {"in_t": node.format(0).ap_type, "accum_t": node.accum.ap_type, "out_t": node.out.ap_type}


def _dense_rows(node: Node, codes: Codes, bias: Codes, rows: Rows) -> Kernel:
    n_out, n_in = codes.shape
    bank = Bank(n_in, n_out, node.reuse)
    weight = Constant("weight", bank.arranged(codes))
    path = (
        multiply(bank, node.format(0).width, weight.width, constant=True),
        summed(bank, node.accum),
        rounded(n_out, node.out),
    )
    return Kernel(
        "dense_rows",
        "dense_rows",
        node.inputs,
        rows,
        {"n_rows": rows.count, "n_in": n_in, "n_out": n_out, "reuse": node.reuse, "n_weights": weight.codes.size},
        _types(node),
        (weight, Constant("bias", bias)),
        (Step(rows.count, (0,), True, bank.steps, path),),
        stored_bits=n_in * node.format(0).width * (bank.steps > 1),
        weight_bits=weight.codes.size * weight.width,
        weight_words=bank.multipliers,
    )


def _dense_whole(node: Node, codes: Codes, bias: Codes, given: Rows) -> Kernel:
    n_out, n_in = codes.shape[0], given.channels
    bank = Bank(n_in, n_out, node.reuse)
    parts = codes.reshape(n_out, given.count, n_in)
    weight = Constant("weight", np.concatenate([bank.arranged(parts[:, r]) for r in range(given.count)]))
    path = (multiply(bank, node.format(0).width, weight.width, constant=True), summed(bank, node.accum))
    return Kernel(
        "dense_whole",
        "dense_rows",
        node.inputs,
        Rows.of(node.shape) if len(node.shape) == 1 else Rows(1, n_out, node.shape, tuple(range(len(node.shape)))),
        {"n_rows": given.count, "n_in": n_in, "n_out": n_out, "reuse": node.reuse, "n_weights": weight.codes.size},
        _types(node),
        (weight, Constant("bias", bias)),
        (
            Step(given.count, (0,), False, bank.steps, path),
            Step(1, (), True, 1, (rounded(n_out, node.out),)),
        ),
        stored_bits=n_out * node.accum.width,
        weight_bits=weight.codes.size * weight.width,
        weight_words=bank.multipliers,
    )


def _mix(node: Node, matrix: np.ndarray) -> Kernel | None:
    """A few rows out of many: y[k][c] = sum_s E[k][s] x[s][c]."""
    given, fmt = node.rows(0), node.format(0)
    n_out, n_rows = matrix.shape
    if not given.plain or (given.count, given.channels) != (n_rows, node.shape[1]):
        return None
    bank = Bank(1, n_out, node.reuse)
    codes = _weight_codes(node, matrix, fmt)
    weight = Constant("weight", np.concatenate([bank.arranged(codes[:, [r]]) for r in range(n_rows)]))
    channels = given.channels
    path = (
        multiply(bank, fmt.width, weight.width, copies=channels, constant=True),
        summed(bank, node.accum, copies=channels),
    )
    return Kernel(
        "mix_rows",
        "dense_rows",
        node.inputs,
        Rows.of(node.shape),
        {"n_rows": n_rows, "n_channels": channels, "n_out": n_out, "reuse": node.reuse, "n_weights": weight.codes.size},
        _types(node),
        (weight,),
        (
            Step(n_rows, (0,), False, bank.steps, path),
            Step(n_out, (), True, 1, (rounded(channels, node.out),)),
        ),
        stored_bits=n_out * channels * node.accum.width,
        weight_bits=weight.codes.size * weight.width,
        weight_words=bank.multipliers,
    )
