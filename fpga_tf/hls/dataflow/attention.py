"""Scores, softmax and context of an attention as row kernels."""

from __future__ import annotations

from math import prod

import numpy as np

from fpga_tf.fixedpoint import Format
from fpga_tf.hls.dataflow.kernel import Bank, Constant, Kernel, Rows, Step, multiply, rounded, summed
from fpga_tf.hls.dataflow.node import Node
from fpga_tf.process import Operation

# of a tensor (heads, queries, keys) whose rows are queries
BY_QUERY = (1, 0, 2)


def einsum(node: Node) -> Kernel | None:
    """The products of an attention over one axis: keys with queries, weights with values; None for any other."""
    left, rest = node["equation"].split(",")
    right, out = rest.split("->")
    if len(left) != 3 or len(right) != 3 or len(out) != 3:
        return None
    if left[1:] == right[1:] and out == left[1] + right[0] + left[0]:
        return _scores(node)
    if left[0] == right[1] and left[2] == right[0] and out == left[1] + left[0] + right[2]:
        return _context(node)
    return None


def _scores(node: Node) -> Kernel | None:
    (keys, heads, dim), (queries, _, _) = node["inp0_shape"], node["inp1_shape"]
    if node.rows(0) != Rows.of(node["inp0_shape"]) or node.rows(1) != Rows.of(node["inp1_shape"]):
        return None
    key, query = node.format(0), node.format(1)
    bank = Bank(dim, keys, node.reuse)
    held = keys * heads * dim * key.width
    return Kernel(
        "scores_rows",
        "scores_rows",
        (node.inputs[1], node.inputs[0]),
        Rows(queries, heads * keys, node.shape, BY_QUERY),
        _fields(queries, keys, heads, dim, node),
        {"key_t": key.ap_type, "query_t": query.ap_type, "accum_t": node.accum.ap_type, "out_t": node.out.ap_type},
        steps=_loops(node, bank, heads, (1, keys), (0, queries), (query, key), heads * keys),
        stored_bits=held + heads * dim * query.width,
        held=heads * prod(bank.padded),
        whole=frozenset({0}),
        ahead=frozenset({1}),
    )


def _context(node: Node) -> Kernel | None:
    (heads, queries, keys), (_, _, dim) = node["inp0_shape"], node["inp1_shape"]
    weights, value = node.format(0), node.format(1)
    expected = Rows(queries, heads * keys, tuple(node["inp0_shape"]), BY_QUERY)
    if node.rows(0) != expected or node.rows(1) != Rows.of(node["inp1_shape"]):
        return None
    bank = Bank(keys, dim, node.reuse)
    held = keys * heads * dim * value.width
    return Kernel(
        "context_rows",
        "context_rows",
        node.inputs,
        Rows.of(node.shape),
        _fields(queries, keys, heads, dim, node),
        {
            "weights_t": weights.ap_type,
            "value_t": value.ap_type,
            "accum_t": node.accum.ap_type,
            "out_t": node.out.ap_type,
        },
        steps=_loops(node, bank, heads, (1, keys), (0, queries), (weights, value), heads * dim),
        stored_bits=held + heads * keys * weights.width,
        held=heads * prod(bank.padded),
        whole=frozenset({0}),
        ahead=frozenset({1}),
    )


def _fields(queries: int, keys: int, heads: int, dim: int, node: Node) -> dict[str, int | bool]:
    return {
        "n_queries": queries,
        "n_keys": keys,
        "n_heads": heads,
        "n_dim": dim,
        "reuse": node.reuse,
        "in_turn": node.in_turn,
    }


def _loops(
    node: Node,
    bank: Bank,
    heads: int,
    held: tuple[int, int],
    passed: tuple[int, int],
    factors: tuple[Format, Format],
    outputs: int,
) -> tuple[Step, ...]:
    """First the rows that are held are read, then each row that passes meets them."""
    copies = 1 if node.in_turn else heads
    turns = heads if node.in_turn else 1
    path = (
        *((Operation("select", bank.multipliers, (factors[1].width,), heads),) if node.in_turn and heads > 1 else ()),
        multiply(bank, factors[0].width, factors[1].width, copies=copies),
        summed(bank, node.accum, copies=copies),
        rounded(outputs // turns, node.out),
    )
    load = Step(held[1], (held[0],), False, 1)
    return load, Step(passed[1], (passed[0],), True, turns * bank.steps, path)


def softmax(node: Node) -> Kernel | None:
    """A softmax over the last axis of its input, which lies in one row."""
    given, n = node.rows(0), int(node["n_slice"])
    by_query = given.order == BY_QUERY and given.shape[2] == n
    if int(node["n_inner"]) != 1 or given.channels % n or not (given.plain or by_query):
        return None
    heads = given.channels // n
    masked = len(node.inputs) == 2 or node.get("keep_data") is not None
    period = int(node["mask_period"])
    if masked and period not in (n, given.count * n):
        return None
    if masked and period != n and heads > 1 and not by_query:
        return None
    mask_rows = period // n
    if len(node.inputs) == 2 and (node.rows(1).count, node.rows(1).channels) != (mask_rows, n):
        return None
    names = ("stable", "in_bits", "lowest", "n_exp", "exp_shift", "lead", "address_bits", "n_reciprocal")
    fields = {name: node[name] for name in (*names, "reciprocal_bits", "product_bits", "product_fraction")}
    tables = tuple(
        Constant(name, np.asarray(node[f"{name}_data"], dtype=np.int64)) for name in ("exp_table", "reciprocal_table")
    )
    turns = heads if node.in_turn else 1
    kept = node.get("keep_data")
    constants = tables if kept is None else (*tables, Constant("keep", np.asarray(kept, dtype=np.int64)))
    reads = (0, 1) if len(node.inputs) == 2 and mask_rows > 1 else (0,)
    loop = Step(given.count, reads, True, turns, _softmax_path(node, heads // turns))
    first = (Step(1, (1,), False, 1),) if len(node.inputs) == 2 and mask_rows == 1 else ()
    return Kernel(
        "softmax_rows" + ("_masked" if len(node.inputs) == 2 else "_kept" if kept is not None else ""),
        "softmax_rows",
        node.inputs,
        Rows(given.count, given.channels, given.shape, given.order),
        {
            "n_rows": given.count,
            "n_heads": heads,
            "n_slice": n,
            "in_turn": node.in_turn,
            "mask_period": period,
            "mask_rows": mask_rows,
            **fields,
        },
        {**node.typed("in_t"), **node["typedefs"]},
        constants,
        (*first, loop),
        stored_bits=given.channels * node.format(0).width * (turns > 1),
        whole=frozenset({0, 1}) if mask_rows > 1 else frozenset({0}) if first else frozenset(),
    )


def _softmax_path(node: Node, heads: int) -> tuple[Operation, ...]:
    n, width, lead = int(node["n_slice"]), int(node["in_bits"]), int(node["lead"])
    product, reciprocal = int(node["product_bits"]), int(node["reciprocal_bits"])
    entry = max(int(v).bit_length() for v in node["exp_table_data"])
    maximum = (Operation("maximum", heads, (width,), n),) if node["stable"] else ()
    return (
        *maximum,
        Operation("table", heads * n, (entry,), int(node["n_exp"])),
        Operation("sum", heads, (lead + 1,), n),
        Operation("shift", heads, (lead + 1,), lead + 1),
        Operation("table", heads, (reciprocal,), int(node["n_reciprocal"])),
        Operation("shift", heads, (reciprocal + lead,), lead + 1),
        Operation("multiply", heads * n, (entry, product - entry)),
        rounded(heads * n, node.out),
    )
