"""Linformer attention: keys and values are brought from all tokens to a few before the attention."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
from keras import ops

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, parse_quantiser
from fpga_tf.layers.attention import STAGES, QMultiHeadAttention
from fpga_tf.layers.quantise import quantise

TOKENS = {"key_tokens": "key", "value_tokens": "value"}
# Keras's order of a call's options behind query, value and key
_OPTIONS = (
    *("query_mask", "value_mask", "key_mask", "attention_mask"),
    *("return_attention_scores", "training", "use_causal_mask"),
)


@keras.saving.register_keras_serializable(package="fpga_tf")
class QLinformerAttention(QMultiHeadAttention):
    """Attention with ``K' = E K`` and ``V' = F V`` in place of K and V (Linformer, arXiv 2006.04768, eq. 7).

    E and F are learnt matrices of shape (proj_dim, S) without bias, the same for all heads, for S tokens of keys and
    values. They act on the tokens before the key and value projections: first E x, then (E x) W + b. In real numbers
    without bias either order gives the same; in fixed point it does not.

    Takes all arguments of `QMultiHeadAttention` (``sliding_window`` and ``attention_axes`` must stay off) and:

    Args:
        proj_dim: tokens that are left, 1 or more.
        share_projections: E is F.
        key_projection_quantizer, value_projection_quantizer: of E and F; the second is left out if they are shared.
        key_tokens_quantizer, value_tokens_quantizer: of E x and F x, shapes (B, proj_dim, features).

    Inputs have shape (B, tokens, features). A token that ``key_mask`` or ``value_mask`` leaves out, or a mask that
    travels with keys or values, counts as zeros. ``query_mask`` is as in the parent. ``attention_mask`` and
    ``use_causal_mask`` are errors: no single token is left that a score could leave out.

    Without any quantiser it is a float layer, which post-training quantisation takes.
    """

    stage_names: ClassVar[tuple[str, ...]] = (*TOKENS, *STAGES)

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        proj_dim: int,
        *args: Any,
        share_projections: bool = False,
        key_projection_quantizer: object = None,
        value_projection_quantizer: object = None,
        key_tokens_quantizer: object = None,
        value_tokens_quantizer: object = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_heads, key_dim, *args, **kwargs)
        where = f"layer {self.name}"
        if isinstance(proj_dim, bool) or not isinstance(proj_dim, int) or proj_dim < 1:
            raise UserError(f"proj_dim must be a whole number of at least 1, not {proj_dim!r}", where=where)
        if self._sliding_window or self._attention_axes not in (None, (1,), [1]):
            raise UserError("QLinformerAttention's sliding_window and attention_axes must be off", where=where)
        if share_projections and value_projection_quantizer is not None:
            raise UserError("value_projection_quantizer must be left out where projections are shared", where=where)
        self.proj_dim, self.share_projections = proj_dim, share_projections
        self.projection_formats = {
            "key_tokens": parse_quantiser(key_projection_quantizer),
            "value_tokens": parse_quantiser(value_projection_quantizer),
        }
        tokens = (parse_quantiser(q) for q in (key_tokens_quantizer, value_tokens_quantizer))
        self.formats = {**dict(zip(TOKENS, tokens, strict=True)), **self.formats}

    def needed(self) -> dict[str, Format | None]:
        return {**{f"{role}_projection": self.kernel_format_of(s) for s, role in TOKENS.items()}, **super().needed()}

    def keys_per_query(self, keys: Any) -> int:
        return self.proj_dim

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        shapes = [tuple(s) for s in (query_shape, value_shape, key_shape)]
        if any(len(s) != 3 for s in shapes) or value_shape[1] is None or value_shape[1] != key_shape[1]:
            raise UserError(
                "query, value and key must have shape (batch, tokens, features), value and key the same fixed number "
                f"of tokens, not {', '.join(map(str, shapes))}",
                where=f"layer {self.name}",
            )
        options = {
            "shape": (self.proj_dim, value_shape[1]),
            "regularizer": self._kernel_regularizer,
            "constraint": self._kernel_constraint,
        }
        fresh = self._get_common_kwargs_for_sublayer  # an initialiser of its own for each, as Keras has it
        names = ("key_tokens",) if self.share_projections else tuple(TOKENS)
        self._token_kernels = [
            self.add_weight(name=f"{n}_kernel", initializer=fresh()["kernel_initializer"], **options) for n in names
        ]
        super().build(shapes[0], self._short(value_shape), self._short(key_shape))

    def compute_output_spec(self, query: Any, value: Any, key: Any = None, *args: Any, **options: Any) -> Any:
        given = {**dict(zip(_OPTIONS, args, strict=False)), **options}
        self._refuse(given.get("attention_mask"), given.get("use_causal_mask"))
        value, key = (t if t is None else keras.KerasTensor(self._short(t.shape), t.dtype) for t in (value, key))
        return super().compute_output_spec(query, value, key, *args, **options)

    def masked(self, query: Any, value: Any, key: Any, **masks: Any) -> tuple[Any, Any, Any, Any]:
        """Query, value and key with zeros for tokens that are left out, and the mask of the queries."""
        self._refuse(masks.get("attention_mask"), masks.get("use_causal_mask"))
        left = [ops.cast(m, "bool") for m in (masks.get("key_mask"), masks.get("value_mask")) if m is not None]
        key = value if key is None else key
        for keep in left:
            value, key = (ops.where(ops.expand_dims(keep, -1), t, ops.zeros_like(t)) for t in (value, key))
        return query, value, key, self._compute_attention_mask(query, value, query_mask=masks.get("query_mask"))

    def stages(
        self, query: Any, value: Any, key: Any = None, mask: Any = None, training: bool | None = None
    ) -> dict[str, Any]:
        tokens = {}
        for stage, x in zip(TOKENS, (value if key is None else key, value), strict=True):
            tokens[stage] = quantise(ops.einsum("bsc,ks->bkc", x, self.token_kernel(stage)), self.formats[stage])
        return {**tokens, **super().stages(query, tokens["value_tokens"], tokens["key_tokens"], mask, training)}

    def kernel_format_of(self, stage: str) -> Format | None:
        """Format of E (stage ``key_tokens``) or F (``value_tokens``)."""
        return self.projection_formats["key_tokens" if self.share_projections else stage]

    def token_variables(self) -> dict[str, Any]:
        """The variables of E and F by stage; the key's alone if they are shared."""
        return dict(zip(TOKENS, self._token_kernels, strict=False))

    def token_kernel(self, stage: str) -> Any:
        """E or F as the hardware holds it, shape (proj_dim, S)."""
        variables = self.token_variables()
        return quantise(ops.copy(variables.get(stage, variables["key_tokens"])), self.kernel_format_of(stage))

    def get_config(self) -> dict[str, Any]:
        quantisers = {
            f"{role}_projection_quantizer": None if (fmt := self.projection_formats[s]) is None else str(fmt)
            for s, role in TOKENS.items()
        }
        own = {"proj_dim": self.proj_dim, "share_projections": self.share_projections}
        return {**super().get_config(), **own, **quantisers}

    def _short(self, shape: Any) -> tuple[int | None, ...]:
        return (shape[0], self.proj_dim, *shape[2:])

    def _refuse(self, attention_mask: Any, causal: Any) -> None:
        if attention_mask is not None or causal:
            raise UserError(
                "attention_mask and use_causal_mask must be left out of a QLinformerAttention's call: its keys are "
                "mixed from all tokens",
                where=f"layer {self.name}",
                hint="leave padded tokens out with key_mask or value_mask, or use QMultiHeadAttention",
            )
