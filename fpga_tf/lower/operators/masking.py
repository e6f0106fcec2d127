"""Masks: the Masking layer, masks that travel with tensors, and an attention's joined mask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod
from typing import Any

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.lower.context import Conversion, LayerDict
from fpga_tf.lower.operators.call import Call

BIT = Format(False, 1, 0)


def masking(ctx: Conversion, call: Call) -> list[LayerDict]:
    """keras.layers.Masking: rows that equal mask_value everywhere do not count and become zero."""
    x, value = call.inputs[0], float(call.layer.mask_value)
    fmt, rows, channels = ctx.format_of(x), prod(call.shape[:-1]), call.shape[-1]
    mask = f"{call.output.name}/mask"
    if not bool(fmt.codes_of(value)[1]):
        raise UserError(
            f"mask_value must be a value of the input's format {fmt}, not {value}", where=f"layer {call.name}"
        )
    return [
        ctx.emit(
            "FpgaTfMasking",
            f"{call.name}_mask",
            [x.name],
            mask,
            BIT,
            call.shape[:-1],
            layer=f"{call.name}/mask",
            reference=mask,
            weights={"value": fmt},
            value_data=np.asarray([value]),
            out_shape=call.shape[:-1],
            n_rows=rows,
            n_channels=channels,
        ),
        _apply(ctx, call.name, call.name, (x.name, mask), call.output.name, call.shape, call.output.name),
    ]


def attention_mask(
    ctx: Conversion, call: Call, scores: tuple[int, ...], roles: Collection[str] = ("query", "key", "attention")
) -> tuple[list[LayerDict], tuple[str, int] | None, np.ndarray | None]:
    """Nodes that join all masks of an attention call; the joined mask's tensor and size; or a constant mask.

    Args:
        scores: shape (heads, queries, keys).
        roles: whose masks count here; those of values are the keys'.

    Raises:
        UserError: a mask cannot be honoured.
    """
    parts = [part for part in _parts(ctx, call) if part[0] in roles]
    constant = call.arguments["attention_mask"] is not None and not _symbolic(call.arguments["attention_mask"])
    fixed = bool(call.arguments["use_causal_mask"] or call.layer._sliding_window or constant)
    if not parts and not fixed:
        return [], None, None
    if len(scores) != 3:
        raise UserError("a masked attention must have one query and one key axis", where=f"layer {call.name}")
    rows, columns = scores[1:]
    keep = _static(call, rows, columns) if fixed else np.ones((rows, columns), dtype=np.bool_)
    if not parts:
        return [], None, keep
    nodes: list[LayerDict] = []
    joined = ""
    for i, (source, strides) in enumerate(_placed(ctx, call, parts, rows, columns)):
        expanded = f"{call.output.name}/mask{i}"
        nodes.append(_expand(ctx, call, source, expanded, (rows, columns), strides, keep if i == 0 else keep | True))
        joined = _join(ctx, call, nodes, joined, expanded, (rows, columns)) if joined else expanded
    return nodes, (joined, rows * columns), None


def masked_tokens(
    ctx: Conversion, call: Call, tokens: Mapping[str, tuple[str, tuple[int, ...]]]
) -> tuple[list[LayerDict], dict[str, tuple[str, tuple[int, ...]]]]:
    """Nodes that set tokens to zero which the masks of keys and values leave out; what to read instead.

    Args:
        tokens: tensor and shape (tokens, features) by role.
    """
    nodes: list[LayerDict] = []
    left = dict(tokens)
    for i, (_, mask, shape) in enumerate(part for part in _parts(ctx, call) if part[0] == "key"):
        if ctx.formats[mask] != BIT:
            raise _not_a_bit(ctx.formats[mask], call)
        for source, size in dict.fromkeys(left.values()):
            if shape != size[:1]:
                raise UserError(f"a key mask must cover {size[0]} keys, not shape {shape}", where=f"layer {call.name}")
            output = f"{call.output.name}/kept{i}/{source}"
            nodes.append(_apply(ctx, f"{call.name}_kept", f"{call.name}/kept", (source, mask), output, size))
            left = {role: (output, n) if name == source else (name, n) for role, (name, n) in left.items()}
    return nodes, left


def _apply(
    ctx: Conversion,
    name: str,
    layer: str,
    sources: tuple[str, str],
    output: str,
    shape: tuple[int, ...],
    reference: str | None = None,
) -> LayerDict:
    """Rows of the first source that the second, a mask, leaves out become zero."""
    return ctx.emit(
        "FpgaTfMaskApply",
        name,
        list(sources),
        output,
        ctx.formats[sources[0]],
        shape,
        layer=layer,
        reference=reference,
        out_shape=shape,
        n_rows=prod(shape[:-1]),
        n_channels=shape[-1],
    )


def _not_a_bit(fmt: Format, call: Call) -> UserError:
    return UserError(
        f"a mask must be one bit, not {fmt}", where=f"layer {call.name}", hint="give it as an Input of dtype bool"
    )


def _symbolic(value: Any) -> bool:
    return hasattr(value, "_keras_history")


def _parts(ctx: Conversion, call: Call) -> list[tuple[str, str, tuple[int, ...]]]:
    """(role, tensor, shape) of every mask that is a tensor: explicit ones, then those that travel with the inputs."""
    parts: list[tuple[str, str, tuple[int, ...]]] = []
    for role in ("query", "key", "value"):
        explicit, tensor = call.arguments[f"{role}_mask"], call.arguments[role]
        if explicit is not None and not _symbolic(explicit):
            raise UserError(f"{role}_mask must be a tensor of the model", where=f"layer {call.name}")
        if explicit is not None:
            parts.append((role, explicit.name, tuple(explicit.shape[1:])))
        elif tensor is not None and tensor.name in ctx.masks:
            parts.append((role, ctx.masks[tensor.name], tuple(tensor.shape[1:2])))
    explicit = call.arguments["attention_mask"]
    if explicit is not None and _symbolic(explicit):
        parts.append(("attention", explicit.name, tuple(explicit.shape[1:])))
    return list(dict.fromkeys(("key" if p[0] == "value" else p[0], *p[1:]) for p in parts))


def _placed(
    ctx: Conversion, call: Call, parts: list[tuple[str, str, tuple[int, ...]]], rows: int, columns: int
) -> list[tuple[str, tuple[int, int, int]]]:
    """(tensor, (size, row stride, column stride)) of every mask."""
    out: list[tuple[str, tuple[int, int, int]]] = []
    for role, name, shape in parts:
        if ctx.formats[name] != BIT:
            raise _not_a_bit(ctx.formats[name], call)
        if role == "attention" and len(shape) == 3 and shape[0] == 1:
            shape = shape[1:]  # broadcast over the heads
        strides = {
            ("query", (rows,)): (1, 0),
            ("key", (columns,)): (0, 1),
            ("attention", (rows, columns)): (columns, 1),
            ("attention", (1, columns)): (0, 1),
            ("attention", (rows, 1)): (1, 0),
        }.get((role, shape))
        if strides is None:
            raise UserError(
                f"a {role} mask must cover {rows} queries and {columns} keys, not shape {shape}",
                where=f"layer {call.name}",
            )
        out.append((name, (prod(shape), *strides)))
    return out


def _static(call: Call, rows: int, columns: int) -> np.ndarray:
    """The part of the mask that is the same for every sample, shape (rows, columns)."""
    t, s = np.arange(rows)[:, None], np.arange(columns)[None, :]
    keep = np.ones((rows, columns), dtype=np.bool_)
    if call.arguments["use_causal_mask"]:
        keep &= t >= s
    if call.layer._sliding_window:
        keep &= np.abs(t - s) < call.layer._sliding_window
    given = call.arguments["attention_mask"]
    if given is not None and not _symbolic(given):
        array = np.asarray(given).astype(np.bool_)
        while array.ndim > 2 and array.shape[0] == 1:
            array = array[0]
        if array.ndim != 2 or np.broadcast_shapes(array.shape, keep.shape) != keep.shape:
            raise UserError(
                f"a constant mask must have shape {keep.shape}, not {array.shape}", where=f"layer {call.name}"
            )
        keep &= array
    return keep


def _expand(
    ctx: Conversion,
    call: Call,
    source: str,
    output: str,
    shape: tuple[int, int],
    strides: tuple[int, int, int],
    keep: np.ndarray,
) -> LayerDict:
    size, row_stride, column_stride = strides
    return ctx.emit(
        "FpgaTfMaskExpand",
        f"{call.name}_mask",
        [source],
        output,
        BIT,
        shape,
        layer=f"{call.name}/mask",
        reference=None,
        out_shape=shape,
        keep_data=keep.astype(np.float64),
        n_in=size,
        n_rows=shape[0],
        n_columns=shape[1],
        row_stride=row_stride,
        column_stride=column_stride,
    )


def _join(ctx: Conversion, call: Call, nodes: list[LayerDict], left: str, right: str, shape: tuple[int, int]) -> str:
    both = f"{right}_and"
    nodes.append(
        ctx.emit(
            "FpgaTfMaskAnd",
            f"{call.name}_mask_and",
            [left, right],
            both,
            BIT,
            shape,
            layer=f"{call.name}/mask",
            reference=None,
            out_shape=shape,
            n_in=prod(shape),
        )
    )
    return both
