"""How a node is computed in hardware, in plain sentences, each with the source of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from fpga_tf.flow.explain_formats import rounding, short, value_range
from fpga_tf.verdict.explained import Sentence, Table

if TYPE_CHECKING:
    from fpga_tf.fixedpoint import Format

MODEL, LOWERED, TABLES = "weights", "lowering, for all inputs", "table, all addresses"


@dataclass(frozen=True)
class Facts:
    """What sentences about a node are made of.

    Attributes:
        node: its description by the lowering.
        inputs: formats of what it reads.
        shapes: of the same.
        accum: of its exact sum; None: it has none.
        out: of its result.
        shape: of its result, without the batch.
        tables: of functions.
        widths: smallest and largest of its values, where each has its own.
    """

    node: Mapping[str, Any]
    inputs: tuple[Format, ...]
    shapes: tuple[tuple[int, ...], ...]
    accum: Format | None
    out: Format
    shape: tuple[int, ...]
    tables: tuple[Table, ...] = ()
    widths: tuple[int, int] = (0, 0)


def sentences(facts: Facts) -> list[Sentence]:
    """What the hardware does."""
    found = _WORDS.get(facts.node["class_name"], _other)(facts)
    return [*found, *(_of_table(table) for table in facts.tables)]


def _accumulator(facts: Facts, why: str) -> Sentence:
    accum = facts.accum
    assert accum is not None
    return Sentence(
        f"The sum is exact in {accum.width} bits: {short(accum)} holds {value_range(accum)} in steps of "
        f"2^{-accum.fraction}. {why}",
        LOWERED,
    )


def _dense(facts: Facts) -> list[Sentence]:
    node, x = facts.node, facts.inputs[0]
    kernel, bias = np.asarray(node["weight_data"]), node["bias_data"]
    operands, out = node["equation"].split("->")
    left = operands.split(",")[0]
    sizes = dict(zip(left, node["inp_shape"], strict=True))
    terms = prod(size for axis, size in sizes.items() if axis not in out)
    zeros, powers = int((kernel == 0).sum()), int((np.abs(np.frexp(kernel)[0]) == 0.5).sum())
    plus = "" if bias is None else " plus a bias"
    return [
        Sentence(
            f"Projects {facts.shapes[0]} to {facts.shape} ({node['equation']}): each of {prod(facts.shape):,} outputs "
            f"is a sum of {terms} products of a value and a constant weight{plus}.",
            LOWERED,
        ),
        Sentence(
            f"Zero among {kernel.size:,} weights: {zeros}, which take nothing when unrolled; powers of two: {powers}, "
            "which take a shift.",
            MODEL,
        ),
        _accumulator(
            facts,
            f"It takes the sum for these very weights with each input at its worst, {value_range(x)}; the steps are "
            "those of the finest product or bias.",
        ),
        Sentence(rounding(facts.accum, facts.out), LOWERED),
    ]


def _einsum(facts: Facts) -> list[Sentence]:
    node, (a, b) = facts.node, facts.inputs
    left, out = node["equation"].split("->")
    sizes = dict(zip(left.replace(",", ""), (*node["inp0_shape"], *node["inp1_shape"]), strict=True))
    terms = prod(size for axis, size in sizes.items() if axis not in out)
    return [
        Sentence(
            f"Multiplies two tensors, {facts.shapes[0]} and {facts.shapes[1]} ({node['equation']}): each of "
            f"{prod(facts.shape):,} outputs is a sum of {terms} products of two values.",
            LOWERED,
        ),
        _accumulator(
            facts,
            f"It takes {terms} times the largest product of {short(a)} and {short(b)}, with the bits below of both.",
        ),
        Sentence(rounding(facts.accum, facts.out), LOWERED),
    ]


def _softmax(facts: Facts) -> list[Sentence]:
    node = facts.node
    n, rows = node["n_slice"], node["n_outer"] * node["n_inner"]
    largest = "The largest score of a row is subtracted first, exactly. " if node["stable"] else ""
    found = [
        Sentence(
            f"Normalises {rows:,} row{'s' * (rows != 1)} of {n} scores. {largest}Each difference addresses the table "
            f"of exp{_dropped(node)}; the {n} entries are added exactly, {node['lead'] + 1} bits; the sum's leading "
            f"one is found and the {node['address_bits']} bits behind it address the table of the reciprocal.",
            LOWERED,
        ),
        Sentence(
            f"The product of entry and reciprocal is exact, {node['product_bits']} bits with "
            f"{node['product_fraction']} below the point. {rounding(None, facts.out)}",
            LOWERED,
        ),
    ]
    if len(node["input_keras_tensor_names"]) > 1 or node.get("keep_data") is not None:
        kind = "constant" if node.get("keep_data") is not None else "a tensor of one bit per score"
        found.append(
            Sentence(
                f"The mask is {kind}: a score that it leaves out counts neither for the largest nor for the sum and "
                "gets zero; a row with nothing to attend to gives zeros.",
                LOWERED,
            )
        )
    return found


def _dropped(node: Mapping[str, Any]) -> str:
    return f", less its {node['exp_shift']} lowest bits" if node["exp_shift"] else ""


def _quantise(facts: Facts) -> list[Sentence]:
    x = facts.inputs[0]
    return [Sentence(f"Brings {short(x)} into the declared format. {rounding(x, facts.out)}", LOWERED)]


def _scale_shift(facts: Facts) -> list[Sentence]:
    channels = facts.node["n_channels"]
    return [
        Sentence(f"Multiplies each of {channels} channels by its scale and adds its shift.", LOWERED),
        _accumulator(facts, "It takes the result of any channel, with the input at both ends of its format."),
        Sentence(rounding(facts.accum, facts.out), LOWERED),
    ]


def _mean(facts: Facts) -> list[Sentence]:
    node = facts.node
    rows = node["n_rows"]
    summed = f"Adds {rows} rows exactly, {node['sum_bits']} bits, and divides each sum by {rows} through a"
    if rows & (rows - 1) == 0:
        places = rows.bit_length() - 1
        bits = "1 bit" if places == 1 else f"{places} bits"
        return [
            Sentence(f"{summed} shift of the point by {bits}: nothing is multiplied.", LOWERED),
            Sentence(f"Nothing is rounded: the result is {short(facts.out)}.", LOWERED),
        ]
    return [
        Sentence(
            f"{summed} multiplication by the constant {node['magic']:,} and a shift by {node['shift']}, proved equal "
            "to the division for every sum.",
            LOWERED,
        ),
        Sentence(rounding(None, facts.out), LOWERED),
    ]


def _sigmoid(facts: Facts) -> list[Sentence]:
    return [
        Sentence(
            f"Looks each value up: the {facts.node['in_bits']} bits of the argument are the address, so no other error "
            f"is made than the rounding of an entry to {short(facts.out)}.",
            LOWERED,
        )
    ]


def _layer_norm(facts: Facts) -> list[Sentence]:
    f = facts.node["design"].formats
    stages = ", ".join(f"{name} {short(getattr(f, name))}" for name in ("mean", "deviation", "variance", "inverse"))
    return [
        Sentence(
            f"Normalises {facts.node['n_outer']:,} rows of {facts.node['n_slice']} values. Each stage is computed "
            f"exactly and rounded once into its own format: {stages}.",
            LOWERED,
        ),
        Sentence(
            f"Epsilon is added exactly, as {facts.node['epsilon_code']} steps of "
            f"2^-{f.variance.fraction + facts.node['guard']}; the root is found in a table over [1, 4).",
            LOWERED,
        ),
        Sentence(f"Deviation times root times gamma plus beta is exact. {rounding(None, facts.out)}", LOWERED),
    ]


def _sum(facts: Facts) -> list[Sentence]:
    both = " and ".join(short(fmt) for fmt in facts.inputs)
    verb = {"add": "Adds", "subtract": "Subtracts", "multiply": "Multiplies"}.get(facts.node["op"], facts.node["op"])
    return [
        Sentence(f"{verb} {both} exactly; nothing is rounded: {facts.out.width} bits, {short(facts.out)}.", LOWERED)
    ]


def _quantise_each(facts: Facts) -> list[Sentence]:
    low, high = facts.widths
    return [
        Sentence(
            f"Brings each of {prod(facts.shape):,} values into a format of its own, {low} to {high} bits; "
            f"{short(facts.out)} holds them all.",
            LOWERED,
        )
    ]


def _hgq_softmax(facts: Facts) -> list[Sentence]:
    node = facts.node
    largest = "the largest score of a row is subtracted first, exactly; " if node["stable"] else ""
    return [
        Sentence(
            f"Normalises {node['n_outer'] * node['n_inner']:,} rows of {node['n_slice']} scores with HGQ2's two "
            f"tables: {largest}exp of {node['n_exp']} entries ({node['exp_address_bits']} bits of address), a sum of "
            f"{node['total_bits']} bits, and a reciprocal of {node['n_inverse']} entries "
            f"({node['inverse_address_bits']} bits of address).",
            LOWERED,
        ),
        Sentence(f"The product of both entries is exact: {node['product_bits']} bits.", LOWERED),
    ]


def _mask(facts: Facts) -> list[Sentence]:
    return [Sentence("Makes a bit for each score or row: one where it counts. It takes no arithmetic.", LOWERED)]


def _apply(facts: Facts) -> list[Sentence]:
    return [Sentence("Sets rows that the mask leaves out to zero; the others pass unchanged.", LOWERED)]


def _input(facts: Facts) -> list[Sentence]:
    return [
        Sentence(
            f"Takes codes of {facts.out.width} bits, {short(facts.out)}: whoever feeds it rounds to the nearest value.",
            LOWERED,
        )
    ]


def _other(facts: Facts) -> list[Sentence]:
    return [Sentence(f"Moves values from {facts.shapes[0]} to {facts.shape}; it computes nothing.", LOWERED)]


def _of_table(table: Table) -> Sentence:
    return Sentence(
        f"Table of {table.name}: {table.entries:,} entries of {table.bits} bits, {table.address_bits} bits of address, "
        f"largest error {table.error:.3g} ({table.of}).",
        TABLES,
    )


_WORDS: dict[str, Callable[[Facts], list[Sentence]]] = {
    "InputLayer": _input,
    "EinsumDense": _dense,
    "Einsum": _einsum,
    "FpgaTfSoftmax": _softmax,
    "FpgaTfQuantise": _quantise,
    "FpgaTfScaleShift": _scale_shift,
    "FpgaTfMean": _mean,
    "FpgaTfSigmoid": _sigmoid,
    "FpgaTfLayerNorm": _layer_norm,
    "Merge": _sum,
    "FpgaTfMaskExpand": _mask,
    "FpgaTfMaskAnd": _mask,
    "FpgaTfMasking": _mask,
    "FpgaTfMaskApply": _apply,
    "FpgaTfQuantiseEach": _quantise_each,
    "FpgaTfHgqSoftmax": _hgq_softmax,
}
