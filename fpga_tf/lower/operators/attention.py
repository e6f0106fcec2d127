"""Multi-head attention, the `parallel` shape: fully unrolled, one einsum per stage."""

from __future__ import annotations

from math import prod

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.lower.context import Conversion, LayerDict, product_format
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.linear import einsum_dense, exact, without_batch
from fpga_tf.lower.operators.masking import attention_mask
from fpga_tf.lower.operators.softmax import softmax_node


def attention(ctx: Conversion, call: Call) -> list[LayerDict]:
    """Our QMultiHeadAttention.

    Nodes: query, key and value projections, scores, softmax, context, output projection; masks are joined first.

    Raises:
        UserError: a stage has no quantiser, or a mask cannot be honoured.
    """
    return AttentionNodes(ctx, call).nodes()


class AttentionNodes:
    """The nodes of one attention call.

    Raises:
        UserError: a quantiser is missing.
    """

    def __init__(self, ctx: Conversion, call: Call) -> None:
        self.ctx, self.call, self.layer = ctx, call, call.layer
        if any(fmt is None for fmt in self.layer.needed().values()):
            raise UserError(
                "attention must have a quantiser for its kernels and every stage to be hardware",
                where=f"layer {call.name}",
                hint="give "
                + " ".join(f"{name}_quantizer" for name, fmt in self.layer.needed().items() if fmt is None),
            )
        self.base = str(call.output.name)
        given = call.arguments
        tensors = {"query": given["query"], "key": given["value"] if given["key"] is None else given["key"]}
        tensors["value"] = given["value"]
        # name and shape of what each projection reads
        self.sources = {r: (str(t.name), tuple(int(n) for n in t.shape[1:])) for r, t in tensors.items()}
        self.shapes: dict[str, tuple[int, ...]] = {}

    def nodes(self) -> list[LayerDict]:
        """All nodes in order."""
        layer, ctx = self.layer, self.ctx
        out = self.prepared()
        out += [self._projection(stage) for stage in ("query", "key", "value")]
        dot = without_batch_pair(layer._dot_product_equation)
        scores_shape = _einsum_shape(dot, self.shapes["key"], self.shapes["query"])
        self.shapes["scores"] = scores_shape
        out.append(self._einsum("scores", dot, "key", "query", layer.key_dim))
        axes = len(layer._attention_axes)
        length = prod(scores_shape[-axes:])
        mask_nodes, mask, keep = self.mask(scores_shape)
        out += mask_nodes
        self.shapes["attention"] = scores_shape
        out.append(
            softmax_node(
                ctx,
                layer.design(length),
                name=f"{self.call.name}_attention",
                layer=f"{self.call.name}/attention",
                source=self._tensor("scores"),
                mask=mask,
                keep=keep,
                output=self._tensor("attention"),
                shape=scores_shape,
                outer=prod(scores_shape[:-axes]),
                inner=1,
                reference=f"{self.base}/attention",
            )
        )
        combine = without_batch_pair(layer._combine_equation)
        self.shapes["context"] = _einsum_shape(combine, scores_shape, self.shapes["value"])
        out.append(self._einsum("context", combine, "attention", "value", length))
        out.append(self._output())
        return out

    def prepared(self) -> list[LayerDict]:
        """Nodes before the projections."""
        return []

    def mask(self, scores: tuple[int, ...]) -> tuple[list[LayerDict], tuple[str, int] | None, np.ndarray | None]:
        """As `attention_mask`."""
        return attention_mask(self.ctx, self.call, scores)

    def _tensor(self, stage: str) -> str:
        if stage == "attention" and len(self.call.outputs) > 1:
            return str(self.call.outputs[1].name)
        return f"{self.base}/{stage}"

    def _projection(self, stage: str) -> LayerDict:
        source, shape = self.sources[stage]
        width = self.layer.value_dim if stage == "value" else self.layer.key_dim
        self.shapes[stage] = (*shape[:-1], self.layer.num_heads, width)
        return self._dense(stage, source, shape, self._tensor(stage), self.shapes[stage])

    def _output(self) -> LayerDict:
        return self._dense("output", self._tensor("context"), self.shapes["context"], self.base, self.call.shape)

    def _dense(
        self, stage: str, source: str, in_shape: tuple[int, ...], output: str, out_shape: tuple[int, ...]
    ) -> LayerDict:
        dense = self.layer.projections()[stage]
        kernel, bias = self.layer.quantised_weights(dense)
        if bias is not None and self.layer.bias_format is None:
            raise UserError("bias_quantizer must be given to be hardware, not None", where=f"layer {self.call.name}")
        return einsum_dense(
            self.ctx,
            name=f"{self.call.name}_{stage}",
            layer=f"{self.call.name}/{stage}",
            equation=without_batch(dense.equation, self.call.name, len(in_shape) + 1),
            source=source,
            in_shape=in_shape,
            output=output,
            out_shape=out_shape,
            kernel=exact(kernel),
            bias=None if bias is None else exact(bias),
            fmt=self.layer.formats[stage],
            reference=f"{self.base}/{stage}",
        )

    def _einsum(self, stage: str, equation: str, left: str, right: str, terms: int) -> LayerDict:
        a, b = self._tensor(left), self._tensor(right)
        accum = product_format(self.ctx.formats[a], self.ctx.formats[b], terms)
        fmt = self.layer.formats[stage]
        return self.ctx.emit(
            "Einsum",
            f"{self.call.name}_{stage}",
            [a, b],
            self._tensor(stage),
            fmt or accum,
            self.shapes[stage],
            layer=f"{self.call.name}/{stage}",
            reference=f"{self.base}/{stage}",
            accum=accum,
            equation=equation,
            inp0_shape=self.shapes[left],
            inp1_shape=self.shapes[right],
            out_shape=self.shapes[stage],
        )


def without_batch_pair(equation: str) -> str:
    """Keras's attention equations without the batch axis that both operands share."""
    left, out = equation.split("->")
    a, b = left.split(",")
    return f"{a[1:]},{b[1:]}->{out[1:]}"


def _einsum_shape(equation: str, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    left, out = equation.split("->")
    sizes = dict(zip(left.replace(",", ""), (*a, *b), strict=True))
    return tuple(int(sizes[axis]) for axis in out)
