"""`fpga-tf explain`: formats, sums, tables and shapes of a small tagger, with the numbers of its model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ..job import LAYERS, Job, randomised

pytestmark = pytest.mark.qkeras
SIGNED = "ap_fixed<6,3,AP_RND_CONV,AP_SAT,0>"


def layers(job: Job, path: Path, *names: str) -> list[dict[str, Any]]:
    done = job.main("explain", path, *names, "--json", "-q")
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = done.json["layers"]
    return found


def texts(layer: dict[str, Any]) -> list[str]:
    return [sentence["text"] for sentence in layer["sentences"]]


def test_all_layers_in_the_order_of_the_firmware(job: Job) -> None:
    config = job.config()
    found = layers(job, config)
    named = ["tracks", *LAYERS]
    named.insert(named.index("probabilities"), "probabilities/scores")
    assert [layer["name"] for layer in found] == named
    assert {layer["name"]: layer["exact_bits"] for layer in found if layer["accumulator"]} == {
        "embed": 11, "attention/query": 12, "attention/key": 12, "attention/value": 13, "attention/scores": 13,
        "attention/context": 14, "attention/output": 11, "pool": 12, "logits": 11,
    }  # fmt: skip
    done = job.main("explain", config, "-q")
    lines = [line.split() for line in done.out.splitlines()]
    assert ["embed", "projection", "4x4", "ap_ufixed<6,2>", "11", "parallel", "548"] in lines
    assert ["attention/attention", "softmax", "2x4x4", "ap_ufixed<6,0>", "6", "parallel", "-"] in lines
    assert "LUT: estimate from bit operations, of the whole design ± 20%" in done.out
    assert "no project stands for this configuration" in done.out


def test_a_projection_in_sentences(job: Job) -> None:
    (query,) = layers(job, job.config(), "attention/query")
    assert texts(query) == [
        "Projects (4, 4) to (4, 2, 2) (bc,cde->bde): each of 16 outputs is a sum of 4 products of a value and a "
        "constant weight plus a bias.",
        "Zero among 16 weights: 1, which take nothing when unrolled; powers of two: 6, which take a shift.",
        "The sum is exact in 12 bits: ap_fixed<12,5> holds [-16, 15.9921875] in steps of 2^-7. It takes the sum for "
        "these very weights with each input at its worst, [0, 3.9375]; the steps are those of the finest product "
        "or bias.",
        "Then, once, it is rounded to nearest, ties to even to 3 fraction bits and saturates at [-4, 3.875]: "
        "ap_fixed<6,3>.",
    ]
    formats = {name: query[name] for name in ("weights", "bias", "accumulator", "output", "weight_bits")}
    assert formats == {
        "weights": "ap_fixed<5,2>", "bias": "ap_ufixed<3,0>", "accumulator": "ap_fixed<12,5>", "output": SIGNED,
        "weight_bits": 16 * 5 + 4 * 3,
    }  # fmt: skip
    assert query["inputs"] == [{"name": "embed", "shape": [4, 4], "format": "ap_ufixed<6,2,AP_RND_CONV,AP_SAT,0>"}]
    parallel, rows = query["shapes"]
    assert (parallel["chosen"], parallel["multipliers"], parallel["steps"]) == (True, 15 * 4, None)
    assert (rows["chosen"], rows["name"], rows["multipliers"], rows["steps"]) == (False, "dataflow, reuse 1", 16, 1)
    assert query["bit_operations"] == 912


def test_a_mean_over_a_power_of_two_is_told_as_a_shift(job: Job) -> None:
    (pool,) = layers(job, job.config(), "pool")
    assert texts(pool) == [
        "Adds 4 rows exactly, 10 bits, and divides each sum by 4 through a shift of the point by 2 bits: nothing is "
        "multiplied.",
        "Nothing is rounded: the result is ap_fixed<10,4>.",
    ]
    assert [shape["multipliers"] for shape in pool["shapes"]] == [0, 0]
    assert pool["shapes"][1]["DSP"] == 0
    told = job.main("explain", job.config(), "pool", "-q").out
    assert "no bit operations: sums, tables, means, softmax and normalisation are not counted" in told


def test_the_stages_of_an_attention_with_shared_multipliers(job: Job) -> None:
    hls = {"shape": "dataflow", "reuse_factor": 2, "heads": "in_turn", "layers": {"logits": {"shape": "parallel"}}}
    config = job.config(hls=hls)
    found = {layer["name"]: layer for layer in layers(job, config, "attention")}
    assert list(found) == [name for name in LAYERS if name.startswith("attention/")]
    scores = found["attention/scores"]["shapes"][1]
    assert (scores["name"], scores["chosen"]) == ("dataflow, reuse 2, heads in turn", True)
    # a row: 2 heads in turn, each with 2 of 4 products per key in 2 steps
    assert (scores["multipliers"], scores["steps"]) == (4, 4)
    assert [(fifo["source"], fifo["bits"], fifo["depth"]) for fifo in scores["fifos"]] == [
        ("attention_query", 24, 4), ("attention_key", 24, 4), ("attention_scores", 48, 2)
    ]  # fmt: skip
    assert [process["kernel"] for process in scores["processes"]] == ["scores_rows"]
    exp, reciprocal = found["attention/attention"]["tables"]
    assert (exp["name"], reciprocal["name"]) == ("exp", "reciprocal")
    assert exp["error"] < 2**-6 and reciprocal["error"] < 2**-4
    (logits,) = layers(job, config, "logits")
    assert [(shape["name"], shape["chosen"]) for shape in logits["shapes"]] == [
        ("parallel", False), ("parallel, between arrays", True)
    ]  # fmt: skip
    assert texts(logits)[-1] == "Nothing is rounded: the result is the exact value, in ap_fixed<11,5>."


def test_cycles_follow_what_synthesis_holds_back(job: Job) -> None:
    cycles = []
    for percent in (12.5, 80):
        (softmax,) = layers(job, job.config(hls={"clock_uncertainty_percent": percent}), "attention/attention")
        cycles.append(softmax["shapes"][1]["processes"][0]["cycles"])
    assert cycles[0] < cycles[1]


def test_a_project_with_its_rtl(job: Job) -> None:
    pytest.importorskip("da4ml")
    config = job.config()
    assert job.main("estimate", config, "-q").code == 0
    rtl = json.loads((job.folder / "out" / "small_rtl" / "fpga_tf_rtl.json").read_text())
    found = layers(job, config)
    assert found == layers(job, job.project)
    total = sum(sum(kinds.values()) for kinds in rtl["costs"].values())
    assert sum(layer["lut_da4ml"] for layer in found) == total > 0
    assert {layer["name"]: layer["lut_da4ml"] for layer in found}["logits"] == sum(rtl["costs"]["logits"].values())
    done = job.main("explain", job.project, "logits", "-q")
    assert f"LUTs unrolled, as da4ml counts them ({job.folder}/out/small_rtl)" in re.sub(r"\s+", " ", done.out)
    job.config(hls={"clock_ns": 4})
    assert all(layer["lut_da4ml"] is None for layer in layers(job, config))


def test_masks_are_told(job: Job) -> None:
    import keras
    from qkeras import QActivation, QDense

    from fpga_tf.layers import QMultiHeadAttention

    signed = "quantized_bits(6,2,alpha=1)"
    weights: dict[str, Any] = {
        "kernel_quantizer": "quantized_bits(5,1,alpha=1)",
        "bias_quantizer": "quantized_bits(5,1,alpha=1)",
    }
    stages: dict[str, Any] = {
        f"{stage}_quantizer": signed for stage in ("query", "key", "value", "scores", "context", "output")
    }
    share = "quantized_bits(6,0,keep_negative=0)"
    inputs = keras.layers.Input((4, 3), name="tracks")
    kept = keras.layers.Input((4,), dtype="bool", name="kept")
    x = QActivation(signed, name="tracks_q")(inputs)
    x = QMultiHeadAttention(1, 2, attention_quantizer=share, name="causal", **stages, **weights)(
        x, x, use_causal_mask=True
    )
    x = QMultiHeadAttention(1, 2, attention_quantizer=share, name="masked", **stages, **weights)(x, x, key_mask=kept)
    x = QDense(2, name="scores", **weights)(keras.layers.Flatten(name="flat")(x))
    path = job.folder / "masked.keras"
    randomised(keras.Model([inputs, kept], x)).save(path)
    config = job.config(model={"path": str(path)}, data=None)
    rule = "a score that it leaves out counts neither for the largest nor for the sum and gets zero; a row with nothing"
    (causal,) = layers(job, config, "causal/attention")
    assert f"The mask is constant: {rule} to attend to gives zeros." in texts(causal)
    (masked,) = layers(job, config, "masked/attention")
    assert f"The mask is a tensor of one bit per score: {rule} to attend to gives zeros." in texts(masked)
    assert [layer["kind"] for layer in layers(job, config, "masked/mask")] == ["mask"]


def test_names_that_are_near(job: Job) -> None:
    done = job.main("explain", job.config(), "atention", "-q")
    what, hint = done.err.splitlines()[-2:]
    assert (done.code, what) == (2, "LAYER must be a layer of the model, not 'atention'")
    assert hint == "  hint did you mean attention or attention/key or attention/value?"
    done = job.main("explain", job.folder / "none.yaml", "-q")
    assert done.code == 2
