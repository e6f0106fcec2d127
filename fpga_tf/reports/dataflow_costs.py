"""What an operation of a dataflow design costs: cycles, DSP, LUT, FF and block RAM.

Every operation gets cycles of its own, at least one: high-level synthesis puts a register behind each. Its delay is
that of the table below, and the part of the clock that may be used is what the tool's clock uncertainty leaves. Delays
are of UltraScale+ at speed grade -2, as C synthesis states them; where one is derived from two reports, the difference
is stated. Sources are public reports of hls4ml designs:

- (1) github.com/Alezander9/ML_FPGAonPixel, Vitis HLS 2022.2 and 2023.1, xcvu13p: modules of a whole network without a
  register (clock of 25 ns), and streamed ones (clock of 5 ns).
- (2) github.com/Fiwo735/Transformer_Neural_Network_HLS, Vivado HLS 2019.2, xcu250: 32 products of 35 bits have 128
  DSPs.
- (3) 906 dense layers with a reuse factor R, hls4ml's Resource strategy at 5 ns: interval R, latency R + 2 in 830.
- (4) 517 dense layers with weights of 8 bits and more have ceil(n * m / R) DSPs in 497, 260 with 4 bits and less none,
  6 bits are mixed; data have 16 bits. So a product takes a DSP if its widths multiply to 100 and more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fpga_tf.process import Channel, Loop, Operation, Process

# Delays in ns.
MULTIPLY_NS = 2.02  # (1) a scale and shift of 16 bits takes 2.784 ns, less the adder
ADD_NS = 0.764  # (1) dense layers of 12 and of 24 inputs take 4.631 and 5.395 ns: one level of adders more
COMPARE_NS = 1.088  # (1) relu of 16 bits: a comparison and a choice
CHOOSE_NS = 0.764  # assumed: a choice of four costs a level, as an adder does
# Part of the clock that synthesis keeps for place and route, by default of a project: `hls.clock_uncertainty_percent`.
UNCERTAINTY = 0.125

# (4): from here on a product takes DSPs.
DSP_AREA = 100
# A DSP48E2 multiplies 27 by 18 bits with signs, UG579: each further one adds 26 or 17 bits. (2): 35 by 35 bits take 4.
DSP_LONG, DSP_SHORT = 26, 17
# Bits from which a table is a block RAM, and what a block of 18 Kb holds: 1,024 words of 18 bits.
BRAM_FROM, BRAM_BITS = 1024 * 4, 1024 * 18
# Rows of a shift register that one LUT holds, and words of a table that one LUT holds.
SHIFT_ROWS, TABLE_WORDS = 32, 64


@dataclass(frozen=True, slots=True)
class Area:
    """Resources before any fitted factor."""

    dsp: int = 0
    lut: float = 0.0
    ff: float = 0.0
    bram: int = 0

    def __add__(self, other: Area) -> Area:
        return Area(self.dsp + other.dsp, self.lut + other.lut, self.ff + other.ff, self.bram + other.bram)


def cycles(op: Operation, clock_ns: float, uncertainty: float = UNCERTAINTY) -> int:
    """Cycles of an operation: 0 where there is nothing to do (a sum of one value), else at least 1."""
    if op.kind in ("sum", "maximum", "select", "shift") and op.size <= 1:
        return 0
    delay = _DELAYS[op.kind](op)
    # a factor that differs from step to step is read from its memory first
    read = op.kind == "multiply" and op.constant and op.size > 1
    return read + max(1, math.ceil(delay / (clock_ns * (1 - uncertainty)) - 1e-9))


def loop_cycles(loop: Loop, clock_ns: float, uncertainty: float = UNCERTAINTY) -> int:
    """Cycles from an iteration's reads to its writes.

    The steps of an iteration enter the path one after another, `interval` of them, and the last one's result is
    written. A row is taken into registers first.
    """
    read = 1 if loop.reads else 0
    return max(1, read + loop.interval - 1 + sum(cycles(op, clock_ns, uncertainty) for op in loop.path))


def area(op: Operation) -> Area:
    """Resources of an operation; registers are those behind it."""
    return _AREAS[op.kind](op)


def tiles(op: Operation) -> int:
    """DSPs of one product; 0 if it is made of LUTs."""
    long, short = max(op.bits), min(op.bits)
    if long * short < DSP_AREA:
        return 0
    return math.ceil(max(1, long - 1) / DSP_LONG) * math.ceil(max(1, short - 1) / DSP_SHORT)


def fifo(channel: Channel) -> Area:
    """A FIFO: registers for up to two rows, else shift registers."""
    if channel.depth <= 2:
        return Area(ff=channel.bits * channel.depth)
    return Area(lut=channel.bits * math.ceil(channel.depth / SHIFT_ROWS), ff=channel.bits)


def memory(process: Process) -> Area:
    """Constants that change from step to step or from row to row: as wide as what a step reads of them."""
    widths = [op.bits[1] for loop in process.loops for op in loop.path if op.kind == "multiply" and op.constant]
    width = process.weight_words * max(widths, default=0)
    depth = process.weight_bits // width if width else 0
    return Area(lut=width * math.ceil(depth / TABLE_WORDS)) if depth > 1 else Area()


def counted(processes: Iterable[Process], channels: Iterable[Channel]) -> Area:
    """Resources of processes and FIFOs."""
    total = Area()
    for process in processes:
        total += Area(ff=process.stored_bits) + memory(process)
        for loop in process.loops:
            for op in loop.path:
                total += area(op)
    for channel in channels:
        total += fifo(channel)
    return total


def _levels(op: Operation) -> int:
    return math.ceil(math.log2(op.size)) if op.size > 1 else 0


def _choices(op: Operation) -> int:
    """Levels of multiplexers with four inputs."""
    return math.ceil(_levels(op) / 2)


def _multiply_ns(op: Operation) -> float:
    return MULTIPLY_NS + ADD_NS * math.ceil(math.log2(max(1, tiles(op))))


_DELAYS: dict[str, Callable[[Operation], float]] = {
    "multiply": _multiply_ns,
    "sum": lambda op: ADD_NS * _levels(op),
    "maximum": lambda op: COMPARE_NS * _levels(op),
    "table": lambda op: 0.0,  # a memory has its register inside
    "shift": lambda op: CHOOSE_NS * _choices(op),
    "select": lambda op: CHOOSE_NS * _choices(op),
    "round": lambda op: ADD_NS + COMPARE_NS,  # adds, and saturates
    "register": lambda op: 0.0,
}


def _multiply(op: Operation) -> Area:
    each = tiles(op)
    # an array of and-gates and adders, two rows of it in a LUT
    lut = 0.0 if each else op.count * math.prod(op.bits) / 2
    # in each step other operands, but constants come from a memory of their own
    lut += op.count * (op.bits[0] if op.constant else sum(op.bits)) * _choices(op)
    return Area(op.count * each, lut, op.count * sum(op.bits))


def _sum(op: Operation) -> Area:
    return Area(lut=op.count * (op.size - 1) * op.bits[0], ff=op.count * op.bits[0])


def _maximum(op: Operation) -> Area:
    # a comparison of two bits in a LUT, and a choice of one
    return Area(lut=op.count * (op.size - 1) * op.bits[0] * 1.5, ff=op.count * op.bits[0])


def _table(op: Operation) -> Area:
    bits = op.size * op.bits[0]
    if bits >= BRAM_FROM:
        return Area(bram=op.count * math.ceil(bits / BRAM_BITS))
    return Area(lut=op.count * op.bits[0] * math.ceil(op.size / TABLE_WORDS), ff=op.count * op.bits[0])


def _choose(op: Operation) -> Area:
    return Area(lut=op.count * op.bits[0] * _choices(op), ff=op.count * op.bits[0])


def _round(op: Operation) -> Area:
    return Area(lut=op.count * op.bits[0] * 2, ff=op.count * op.bits[0])


def _register(op: Operation) -> Area:
    return Area(ff=op.count * op.bits[0])


_AREAS: dict[str, Callable[[Operation], Area]] = {
    "multiply": _multiply,
    "sum": _sum,
    "maximum": _maximum,
    "table": _table,
    "shift": _choose,
    "select": _choose,
    "round": _round,
    "register": _register,
}
