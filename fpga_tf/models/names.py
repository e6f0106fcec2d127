"""What a layer may be called: names end up as identifiers in C++, as file names and in Tcl."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fpga_tf.errors import UserError

MAX_LENGTH = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KEYWORDS = """
alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case catch
char char8_t char16_t char32_t class compl concept const const_cast consteval constexpr constinit continue co_await
co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern false float for
friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected
public reflexpr register reinterpret_cast requires return short signed sizeof static static_assert static_cast struct
switch synchronized template this thread_local throw true try typedef typeid typename union unsigned using virtual
void volatile wchar_t while xor xor_eq
"""
_TYPES = """
ap_int ap_uint ap_fixed ap_ufixed ap_private ap_int_base ap_fixed_base ap_shift_reg ap_axis ap_axiu half
ac_int ac_fixed int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t
"""
_GENERATED = "input main std nnet hls fpga_tf myproject weights defines parameters model_default_t input_t result_t"
_RESERVED = frozenset(f"{_KEYWORDS} {_TYPES} {_GENERATED}".split())


def check_names(names: Iterable[str]) -> None:
    """Every name is a C identifier that the generated C++ does not need itself, and occurs once.

    Raises:
        UserError: naming the first layer that breaks a rule.
    """
    seen: set[str] = set()
    for name in names:
        if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH:
            raise UserError(
                f"a layer's name must be a letter and then letters, digits or _, at most {MAX_LENGTH}, "
                f"not {ascii(name)[:100]}",
                where=f"layer {ascii(name)[:100]}",
                hint="rename the layer and save the model again: names become C++ identifiers",
            )
        if name in _RESERVED:
            raise UserError(
                f"a layer's name must not be a word that C++ or hls4ml needs itself, not {name!r}",
                where=f"layer {name!r}",
                hint=f"rename it, for example {name}_1",
            )
        if name in seen:
            raise UserError(f"a layer's name must be unique, not twice {name!r}", where=f"layer {name!r}")
        seen.add(name)
