"""Runs made up for the tests of their page: one as they should be, one with names that bite."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.softmax import design_softmax
from fpga_tf.verdict.agreement import combine, compare
from fpga_tf.verdict.gates import Gate, agreement_gate
from fpga_tf.verdict.physics import physics
from fpga_tf.verdict.plots.bitwidths import Widths
from fpga_tf.verdict.plots.resources import Resources, Usage
from fpga_tf.verdict.plots.roc import FIRMWARE, FLOAT, QUANTISED, Evaluated, curves
from fpga_tf.verdict.plots.softmax_error import softmax_error
from fpga_tf.verdict.plots.waterfall import Span, Waterfall
from fpga_tf.verdict.report.run_page import RunPage
from fpga_tf.verdict.verdict import RunResult, Step

EVIL = "<script>alert(1)</script>--><img src=x onerror=alert(2)>\x1b[31m$\\frac{"
LONG = "a_very_long_name_of_a_layer_that_somebody_chose/attention"


def run_page(*, evil: bool = False, differing: bool = False) -> RunPage:
    """A page of 200 samples.

    Args:
        evil: names are hostile.
        differing: the firmware is not the model.
    """
    bad = EVIL if evil else ""
    rng = np.random.default_rng(2)
    classes = (f"b{bad}", "c", "light")
    labels = rng.integers(0, 3, 200)
    scores = np.round(rng.random((200, 3)) + 0.5 * np.eye(3)[labels], 2)
    codes = np.rint(scores * 100).astype(np.int64)
    agreement = combine([compare(codes, codes + differing, name="evaluation")])
    stage = physics(scores, labels, classes, classes[0], logits=False)
    quantised = Evaluated(scores, False)
    stages = {FLOAT: Evaluated(scores + 1e-3 * rng.random((200, 3)), False), QUANTISED: quantised}
    told = ["the firmware differs"] if differing else []
    result = RunResult(
        project="/home/me/tagger",
        agreement=agreement,
        gates=(agreement_gate(agreement),),
        budget=(
            Gate("latency_us", 0.4, 0.51, "us", "csynth, /home/me/tagger/report/csynth.xml", "fail"),
            Gate("slr_share.LUT", 1.0, None, "share", None, "unknown", f"no report {bad}"),
        ),
        physics={"float": stage, "quantised": stage, "csim": stage},
        top_class_changes={"quantised_to_csim": 0.0},
        steps=(Step(f"compile {bad}", 3.25), Step("judge", 0.0, cached=True)),
        notes=(f"a note {bad}",),
    )
    names = ("embed", LONG, f"head{bad}")
    design = design_softmax(
        Format.parse("ap_fixed<8,5,AP_RND_CONV,AP_SAT>"), Format.parse("ap_ufixed<8,0,AP_RND_CONV,AP_SAT>"), 5
    )
    used = tuple(Usage(n, {"tables": 100.0 * i + 50}) for i, n in enumerate(names))
    return RunPage(
        name=f"tagger{bad}",
        about=(("part", "xcvu13p"), ("clock", f"5 ns{bad}")),
        result=result,
        roc=curves(stages if differing else {**stages, FIRMWARE: quantised}, labels, classes, classes[0], told),
        waterfall=Waterfall(tuple(Span(n, 30 * i, 40 + 30 * i) for i, n in enumerate(names)), 102, 5.0, 400.0),
        resources=(Resources("LUT", "estimate", used),),
        widths=tuple(Widths(n, Format(True, 2, 5), 17, Format(True, 0, 4)) for n in names),
        softmax=(softmax_error(names[1], design, Decimal(1)),),
        versions={"fpga_tf": f"0.1{bad}"},
        digests={"project": "ab" * 32},
    )


def unknown() -> RunPage:
    """A page of a project of which nothing is known but its codes."""
    given = run_page()
    result = replace(given.result, physics={}, budget=(), notes=(), top_class_changes={})
    return replace(given, result=result, roc=None, waterfall=None, resources=(), softmax=())
