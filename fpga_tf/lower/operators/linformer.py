"""Linformer attention: nodes that bring keys and values to a few tokens, then those of an attention."""

from __future__ import annotations

import numpy as np

from fpga_tf.layers.linformer import TOKENS
from fpga_tf.lower.context import Conversion, LayerDict
from fpga_tf.lower.operators.attention import AttentionNodes
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.linear import einsum_dense, exact
from fpga_tf.lower.operators.masking import attention_mask, masked_tokens


def linformer(ctx: Conversion, call: Call) -> list[LayerDict]:
    """Our QLinformerAttention.

    Nodes: tokens that are left out become zero, key tokens and value tokens, then as `attention`.

    Raises:
        UserError: a stage has no quantiser, or a mask cannot be honoured.
    """
    return _LinformerNodes(ctx, call).nodes()


class _LinformerNodes(AttentionNodes):
    def prepared(self) -> list[LayerDict]:
        tokens = {role: self.sources[role] for role in TOKENS.values()}
        nodes, tokens = masked_tokens(self.ctx, self.call, tokens)
        formats = self.layer.formats
        one = tokens["key"] == tokens["value"] and formats["key_tokens"] == formats["value_tokens"]
        for stage, role in TOKENS.items():
            source, (length, features) = tokens[role]
            self.shapes[stage] = (self.layer.proj_dim, features)
            if stage == "value_tokens" and one and self.layer.share_projections:
                self.sources[role] = self.sources["key"]  # the same values: no second set of multipliers
                continue
            self.sources[role] = (self._tensor(stage), self.shapes[stage])
            nodes.append(self._few(stage, source, (length, features)))
        return nodes

    def mask(self, scores: tuple[int, ...]) -> tuple[list[LayerDict], tuple[str, int] | None, np.ndarray | None]:
        return attention_mask(self.ctx, self.call, scores, ("query",))

    def _few(self, stage: str, source: str, shape: tuple[int, int]) -> LayerDict:
        return einsum_dense(
            self.ctx,
            name=f"{self.call.name}_{stage}",
            layer=f"{self.call.name}/{stage}",
            equation="sc,ks->kc",
            source=source,
            in_shape=shape,
            output=self._tensor(stage),
            out_shape=self.shapes[stage],
            kernel=exact(self.layer.token_kernel(stage)),
            bias=None,
            fmt=self.layer.formats[stage],
            reference=f"{self.base}/{stage}",
        )
