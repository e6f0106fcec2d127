"""Words that neither a layer nor a top function may be called: C++, or what hls4ml generates, needs them itself."""

from __future__ import annotations

import re

from fpga_tf.cpp_macros import is_macro

_KEYWORDS = """
alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case catch
char char8_t char16_t char32_t class compl concept const const_cast consteval constexpr constinit continue
contract_assert co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit export
extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or
or_eq private protected public reflexpr register reinterpret_cast requires return short signed sizeof static
static_assert static_cast struct switch synchronized template this thread_local throw true try typedef typeid typename
union unsigned using virtual void volatile wchar_t while xor xor_eq
"""
_TYPES = """
ap_int ap_uint ap_fixed ap_ufixed ap_private ap_int_base ap_fixed_base ap_shift_reg ap_axis ap_axiu half
ac_int ac_fixed int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t
"""
_GENERATED = "input main std nnet hls fpga_tf weights defines parameters model_default_t input_t result_t"

# The top function has a header of its name, found before those of the C library and of ap_types, and must not be a
# type of theirs.
_HEADERS = """
alloca ap_common ap_decl ap_fixed_base ap_fixed_ref ap_fixed_special ap_int_base ap_int_ref ap_int_special assert
binders cdefs ctype cxxabi endian errno features fenv float hls_math hls_stream inttypes iso646 libintl limits locale
math memory pthread sched select setjmp signal stdarg stdbool stddef stdint stdio stdlib string strings stubs time
types uchar unistd utils wchar wctype
"""
_LIBRARY_TYPES = "addresses ap_slong ap_ulong fd_mask u_char u_int u_long u_short uint ulong ushort va_list"

RESERVED = frozenset(f"{_KEYWORDS} {_TYPES} {_GENERATED}".split())
TOP_RESERVED = RESERVED | frozenset(f"{_HEADERS} {_LIBRARY_TYPES}".split())
TYPE_PATTERN = "^[a-z0-9_]*_t$"  # types of the C library, such as div_t, and of layers, such as layer2_t


def is_free_for_top(name: str) -> bool:
    """Whether no header, type, macro or word stands in the way of a top function of that name."""
    return name not in TOP_RESERVED and not is_macro(name) and re.match(TYPE_PATTERN, name) is None
