"""Multi-head attention, the `parallel` shape: fully unrolled, one einsum per stage."""

from __future__ import annotations

from math import prod
from typing import Any

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
    layer = call.layer
    query, value = call.arguments["query"], call.arguments["value"]
    key = value if call.arguments["key"] is None else call.arguments["key"]
    if layer.kernel_format is None or any(f is None for s, f in layer.formats.items() if s != "output"):
        raise UserError(
            "attention must have a quantiser for its kernels and every stage to be hardware",
            where=f"layer {call.name}",
            hint="give kernel_quantizer, query_quantizer ... context_quantizer",
        )
    return _Attention(ctx, call, query, key, value).nodes()


class _Attention:
    """The nodes of one attention call."""

    def __init__(self, ctx: Conversion, call: Call, query: Any, key: Any, value: Any) -> None:
        self.ctx, self.call, self.layer = ctx, call, call.layer
        self.base = str(call.output.name)
        self.sources = {"query": query, "key": key, "value": value}
        self.shapes: dict[str, tuple[int, ...]] = {
            stage: (*tensor.shape[1:-1], self.layer.num_heads, width)
            for (stage, tensor), width in zip(
                self.sources.items(), (self.layer.key_dim, self.layer.key_dim, self.layer.value_dim), strict=True
            )
        }

    def nodes(self) -> list[LayerDict]:
        """All nodes in order."""
        layer, ctx = self.layer, self.ctx
        out = [self._projection(stage) for stage in ("query", "key", "value")]
        dot = without_batch_pair(layer._dot_product_equation)
        scores_shape = _einsum_shape(dot, self.shapes["key"], self.shapes["query"])
        self.shapes["scores"] = scores_shape
        out.append(self._einsum("scores", dot, "key", "query", layer.key_dim))
        axes = len(layer._attention_axes)
        length = prod(scores_shape[-axes:])
        mask_nodes, mask, keep = attention_mask(ctx, self.call, scores_shape)
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

    def _tensor(self, stage: str) -> str:
        if stage == "attention" and len(self.call.outputs) > 1:
            return str(self.call.outputs[1].name)
        return f"{self.base}/{stage}"

    def _projection(self, stage: str) -> LayerDict:
        tensor = self.sources[stage]
        return self._dense(stage, tensor.name, tuple(tensor.shape[1:]), self._tensor(stage), self.shapes[stage])

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
