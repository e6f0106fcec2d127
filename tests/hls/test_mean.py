"""mean.h against exact rational numbers: many widths and lengths in one program."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format, Overflow, Rounding
from fpga_tf.hls.nodes import _CALLS, FpgaTfMean, field_text
from fpga_tf.lower.context import exact_format
from fpga_tf.lower.operators.pooling import division_of, mean_types
from tests.hls.cpp import compile_cpp

Case = tuple[Format, Format, int]
CHANNELS = 2
SAMPLES = 200


def accumulator(x: Format, rows: int) -> Format:
    total = exact_format(min(0.0, x.min * rows), x.max * rows, x.fraction)
    return Format(True, total.integer, total.fraction)


def random_cases(rng: np.random.Generator, count: int) -> list[Case]:
    """Formats that are coarser and finer than the sum, and lengths of which some make ties possible."""
    cases: list[Case] = []
    while len(cases) < count:
        signed, width = bool(rng.integers(2)), int(rng.integers(2, 15))
        integer = int(rng.integers(-2, width))
        x = Format(signed, integer, width - integer - int(signed))
        out_signed = bool(rng.random() < 0.7)
        fraction = x.fraction + int(rng.integers(-4, 6))
        integer = max(int(rng.integers(0, x.integer + 2)) if x.integer > -2 else 0, 1 - fraction)
        rounding = Rounding.RND_CONV if rng.random() < 0.75 else Rounding.TRN
        overflow = Overflow(str(rng.choice([str(o) for o in Overflow])))
        cases.append((x, Format(out_signed, integer, fraction, rounding, overflow), int(rng.integers(2, 17))))
    return cases


def struct(index: int, accum: Format, fmt: Format, rows: int) -> str:
    division = division_of(accum, fmt, rows, "")
    values = {"n_rows": rows, "n_channels": CHANNELS, **division}
    lines = [field_text(name, values[name]) for name in _CALLS[FpgaTfMean][4]]
    lines += [f"    typedef {text} {name};" for name, text in mean_types(accum, fmt, division["num_bits"]).items()]
    return "\n".join([f"struct config{index} : fpga_tf::mean_config {{", *lines, "};"])


def program(cases: list[Case]) -> str:
    """Reads codes of every case, writes the codes of its means."""
    text = '#include "fpga_tf/mean.h"\n#include <cstdio>\n'
    run = ""
    for i, (x, fmt, rows) in enumerate(cases):
        size, get = rows * CHANNELS, f"y[c].range({fmt.width - 1}, 0)"
        text += struct(i, accumulator(x, rows), fmt, rows) + "\n"
        run += f"""
    for (int s = 0; s < {SAMPLES}; s++) {{
        {x.ap_type} x[{size}];
        {fmt.ap_type} y[{CHANNELS}];
        for (int k = 0; k < {size}; k++) {{
            if (std::scanf("%d", &code) != 1) {{
                return 1;
            }}
            x[k].range({x.width - 1}, 0) = ap_uint<{x.width}>(static_cast<unsigned>(code));
        }}
        fpga_tf::mean<{x.ap_type}, {fmt.ap_type}, config{i}>(x, y);
        for (int c = 0; c < {CHANNELS}; c++) {{
            const {"ap_int" if fmt.signed else "ap_uint"}<{fmt.width}> bits = {get};
            std::printf("%lld\\n", static_cast<long long>(bits));
        }}
    }}"""
    return f"{text}int main() {{\n    int code;{run}\n    return 0;\n}}\n"


def rounded(value: Fraction, fmt: Format) -> int:
    """The code of a rational number, by Python's own exact arithmetic."""
    scaled = value * Fraction(2) ** fmt.fraction
    code = round(scaled) if fmt.rounding is Rounding.RND_CONV else scaled.__floor__()  # round: half to even
    low, high = fmt.min_code, fmt.max_code
    if fmt.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return min(max(code, low), high)
    if fmt.overflow is Overflow.SAT_ZERO:
        return code if low <= code <= high else 0
    wrapped = code % (1 << fmt.width)
    return wrapped - (1 << fmt.width) if wrapped > high else wrapped


@pytest.mark.parametrize(
    ("seed", "count"), [(0, 14), *[pytest.param(s, 40, marks=pytest.mark.slow) for s in (1, 2, 3)]]
)
def test_a_mean_is_the_rational_mean_rounded_once(seed: int, count: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    cases = random_cases(rng, count)
    source, binary = tmp_path / "means.cpp", tmp_path / "means"
    source.write_text(program(cases))
    done = compile_cpp(source, "-o", str(binary))
    assert (done.returncode, done.stderr) == (0, "")
    inputs = [rng.integers(x.min_code, x.max_code + 1, (SAMPLES, rows, CHANNELS)) for x, _, rows in cases]
    for codes, (x, _, _) in zip(inputs, cases, strict=True):
        codes[0], codes[1] = x.min_code, x.max_code
        codes[2:60] = np.clip(codes[2:60], -3, 3) if x.signed else np.clip(codes[2:60], 0, 3)  # many ties
    text = "\n".join(str(c) for codes in inputs for c in codes.ravel())
    ran = subprocess.run([binary], input=text, capture_output=True, text=True, timeout=300, check=True)
    found = np.array(ran.stdout.split(), dtype=np.int64).reshape(count, SAMPLES, CHANNELS)
    ties = 0
    for made, codes, (x, fmt, rows) in zip(found, inputs, cases, strict=True):
        means = [Fraction(int(total), rows) / Fraction(2) ** x.fraction for total in codes.sum(axis=1).ravel()]
        ties += sum((m * 2 * Fraction(2) ** fmt.fraction).denominator == 1 for m in means)
        assert made.ravel().tolist() == [rounded(m, fmt) for m in means], (x, fmt, rows)
    assert ties > 100


# of a sum of 8 bits, 3 of them behind the point: results from 3 bits coarser to 2 bits finer, both roundings
EXHAUSTIVE = [
    (Format(True, 4, 3), Format(True, 7 - fraction, fraction, rounding, Overflow.SAT), rows)
    for rows in (1, 2, 3, 4, 7, 8, 16)
    for fraction in range(6)
    for rounding in (Rounding.RND_CONV, Rounding.TRN)
]


def exact(total: int, case: Case) -> int:
    """Code of a sum's mean, before it overflows, by Python's own exact arithmetic."""
    accum, fmt, rows = case
    scaled = Fraction(total, rows) * Fraction(2) ** (fmt.fraction - accum.fraction)
    return round(scaled) if fmt.rounding is Rounding.RND_CONV else scaled.__floor__()


def test_the_constants_divide_every_sum_exactly() -> None:
    """The quotient of mean.h in whole numbers: its product and its widths are what the constants are for."""
    for accum, fmt, rows in EXHAUSTIVE:
        d = division_of(accum, fmt, rows, "")
        for total in range(accum.min_code, accum.max_code + 1):
            num = total << d["up"]
            wide = (num + d["offset"] * d["den"]) * d["magic"]
            assert 0 <= wide < 1 << d["wide_bits"]
            assert (wide >> d["shift"]) - d["offset"] == num // d["den"], (accum, fmt, rows, total)


def test_a_division_by_a_power_of_two_multiplies_nothing() -> None:
    found = {(fmt.fraction, rows): division_of(accum, fmt, rows, "") for accum, fmt, rows in EXHAUSTIVE}
    for (fraction, rows), d in found.items():
        power = rows not in (3, 7)
        assert (d["magic"] == 1) == power
        if power:
            assert 1 << d["shift"] == d["den"] == rows << max(0, 3 - fraction)


def test_the_firmware_rounds_every_sum_as_exact_numbers_do(tmp_path: Path) -> None:
    text, run = '#include "fpga_tf/mean.h"\n#include <cstdio>\n', ""
    for i, (accum, fmt, rows) in enumerate(EXHAUSTIVE):
        division = division_of(accum, fmt, rows, "")
        text += struct(i, accum, fmt, rows) + "\n"
        run += f"""
    for (int sum = {accum.min_code}; sum <= {accum.max_code}; sum++) {{
        const config{i}::rounded_t mean = fpga_tf::rounded_mean<config{i}>(ap_int<{accum.width}>(sum));
        ap_int<{division["num_bits"]}> code;
        code.range({division["num_bits"] - 1}, 0) = mean.range({division["num_bits"] - 1}, 0);
        std::printf("%lld\\n", static_cast<long long>(code));
    }}"""
    source, binary = tmp_path / "sums.cpp", tmp_path / "sums"
    source.write_text(f"{text}int main() {{{run}\n    return 0;\n}}\n")
    done = compile_cpp(source, "-o", str(binary))
    assert (done.returncode, done.stderr) == (0, "")
    ran = subprocess.run([binary], capture_output=True, text=True, timeout=300, check=True)
    expected = [exact(total, case) for case in EXHAUSTIVE for total in range(case[0].min_code, case[0].max_code + 1)]
    assert [int(line) for line in ran.stdout.split()] == expected


@pytest.mark.parametrize(
    ("fraction", "message"),
    [
        (41, "a mean's sum, shifted to the result's fraction, must have at most 53 bits, not 55"),
        (-40, "a mean's result must not be so much coarser than its sum, not ap_fixed<8,48,AP_RND_CONV,AP_SAT,0>"),
    ],
)
def test_a_mean_that_the_division_cannot_hold_is_refused(fraction: int, message: str) -> None:
    fmt = Format(True, 7 - fraction, fraction, Rounding.RND_CONV, Overflow.SAT)
    with pytest.raises(UserError) as caught:
        division_of(Format(True, 13, 20), fmt, 15, "pool")
    assert (caught.value.what, caught.value.where) == (message, "layer pool")
