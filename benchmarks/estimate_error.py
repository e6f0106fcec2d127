"""Published designs beside what the estimate says of them: estimate and declared error, published, how far off.

Off is published / estimate - 1. Nothing is run: the numbers are those of `fpga_tf.reports.estimate_data`.
"""

from __future__ import annotations

from fpga_tf.reports.estimate import FF_ERROR, FF_RATIO, LUT_ERROR, LUT_RATIO, PERIOD, PUBLISHED
from fpga_tf.reports.estimate_check import Comparison, comparisons
from fpga_tf.reports.estimate_fit import fit, lut_errors


def row(one: Comparison) -> str:
    """One line of the table."""
    digits = 0 if one.quantity == "LUT" else 2
    outside = "" if one.inside else "  OUTSIDE, and not fitted to" if not one.fitted else "  OUTSIDE"
    estimated = f"{one.estimated:,.{digits}f} ± {one.error * 100:.0f} % {one.unit}".rstrip()
    return (
        f"{one.design:<28} {one.quantity:<8} {estimated:>20}  {one.published:>10,.{digits}f}  {one.off:+7.1%}{outside}"
    )


def main() -> None:
    """Print the table, what the fit found, and how much is inside."""
    rows = comparisons()
    print(f"{'design':<28} {'':<8} {'estimate':>20}  {'published':>10}  {'off':>7}")
    for one in rows:
        print(row(one))
    print()
    for quantity in ("LUT", "period", "latency"):
        mine = [one for one in rows if one.quantity == quantity]
        inside = sum(one.inside for one in mine)
        mean = sum(abs(one.off) for one in mine) / len(mine)
        print(f"{quantity:<8} {inside} of {len(mine)} inside, off by {mean:.1%} in the mean, at most "
              f"{max(abs(one.off) for one in mine):.1%}")  # fmt: skip
    found, left = fit(), lut_errors()
    print(f"LUT      {LUT_RATIO} x cost, declared {LUT_ERROR:.0%}; left out: one design {left['one design']:.1%}, one "
          f"publication {left['one publication']:.1%}")  # fmt: skip
    print(f"FF       {FF_RATIO} x register bits, declared {FF_ERROR:.0%}; to a bound: {found.ff_error:.1%}")
    base, level, size = PERIOD
    print(f"period   {base} + {level} x levels + {size} x sqrt(cost / 100,000) ns, declared {PUBLISHED.error:.0%};")
    print(f"         left out: one design {found.period_error:.1%}")


if __name__ == "__main__":
    main()
