"""The section `sweep`: what may stand in it, and what a point's configuration is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import UserError
from fpga_tf.flow.config import load_config
from fpga_tf.flow.config_errors import ConfigError
from fpga_tf.flow.config_sweep import MOST_POINTS
from fpga_tf.flow.sweep_points import at, grid, loaded

from .conftest import Write


def swept(job: Write, section: Any, **changes: Any) -> Path:
    return job(sweep=section, **changes)


@pytest.mark.parametrize(
    ("section", "changes", "what"),
    [
        ({}, {}, "sweep must be a section with at least one axis, not none of clock_ns"),
        ([4, 5], {}, "sweep must be"),
        ({"bits": [4]}, {}, "a key of sweep must be a known one, not bits"),
        ({"fraction_bits": []}, {"requantise": {"integer_bits": 2, "fraction_bits": 2}}, "sweep.fraction_bits must be"),
        ({"clock_ns": [5.0, 5.0]}, {}, "sweep.clock_ns must be a list of different values, not a list with one twice"),
        ({"clock_ns": [5.0, "5 ns"]}, {}, "sweep.clock_ns must be a list of different values"),
        ({"clock_ns": [0.1]}, {}, "sweep.clock_ns.0 must be a clock period"),
        ({"clock_ns": 5.0}, {}, "sweep.clock_ns must be"),
        ({"reuse_factor": ["2"], "shape": ["dataflow"]}, {}, "sweep.reuse_factor.0 must be"),
        ({"reuse_factor": [True], "shape": ["dataflow"]}, {}, "sweep.reuse_factor.0 must be"),
        ({"reuse_factor": list(range(1, 80)), "shape": ["dataflow"]}, {}, "sweep.reuse_factor must be"),
        ({"shape": ["auto"]}, {}, "sweep.shape.0 must be parallel or dataflow"),
        ({"reuse_factor": [2]}, {}, "sweep.reuse_factor must be left out where no point has the shape dataflow"),
        ({"heads": ["in_turn"], "shape": ["parallel"]}, {}, "sweep.heads must be left out where no point has"),
        ({"weight_bits": [4]}, {}, "sweep.weight_bits must be left out without a section quantise"),
        ({"weight_bits": [4], "fraction_bits": [4]}, {"quantise": {}}, "sweep.weight_bits must be left out where"),
        ({"fraction_bits": [4]}, {}, "sweep.fraction_bits must be given together with integer_bits, not alone"),
        (
            {"weight_fraction_bits": [4]},
            {},
            "sweep.weight_fraction_bits must be given together with integer_bits and fraction_bits, not alone",
        ),
        ({"clock_ns": [5.0]}, {"data": None}, "sweep must be left out without data"),
        ({"width": [4], "train": {"path": "data.h5"}}, {}, "sweep.train must be left out without a section quantise"),
        ({"clock_ns": [4.0], "train": {"path": "data.h5"}}, {"quantise": {}}, "sweep.train must be left out where no"),
        ({"width": [4], "train": {"path": "no.h5"}}, {"quantise": {}}, "sweep.train.path must be an existing file"),
        (
            {"reuse_factor": list(range(1, 65)), "clock_ns": [float(i) for i in range(1, 65)], "shape": ["dataflow"],
             "heads": ["parallel", "in_turn"], "tokens": [1, 2]},
            {},
            f"sweep must be axes of at most {MOST_POINTS:,} points, not 16,384",
        ),
        ({"clock_ns": [5.0], "cluster": {"queue": "short\n#SBATCH -o /x"}}, {}, "sweep.cluster.queue must be a word"),
        ({"clock_ns": [5.0], "cluster": {"queue": "a;b"}}, {}, "sweep.cluster.queue must be a word"),
        ({"clock_ns": [5.0], "cluster": {"account": "$(id)"}}, {}, "sweep.cluster.account must be a word"),
        ({"clock_ns": [5.0], "cluster": {"walltime": "-t 1"}}, {}, "sweep.cluster.walltime must be a word"),
    ],
)  # fmt: skip
def test_what_is_refused(section: Any, changes: dict[str, Any], what: str, job: Write) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(swept(job, section, **changes))
    assert error.value.what.startswith(what)
    assert "tiny.yaml:" in (error.value.where or "")


def test_the_order_of_a_grid(job: Write) -> None:
    axes = {"fraction_bits": [4, 2], "integer_bits": [3], "shape": ["dataflow", "parallel"], "reuse_factor": [4, 1]}
    config = load_config(swept(job, axes))
    assert [tuple(value for _, value in values) for values in grid(config)] == [
        ("dataflow", 4, 3, 4), ("dataflow", 4, 3, 2), ("dataflow", 1, 3, 4), ("dataflow", 1, 3, 2),
        ("parallel", 3, 4), ("parallel", 3, 2),
    ]  # fmt: skip
    assert grid(config) == grid(load_config(swept(job, axes)))


def test_the_configuration_of_a_point(job: Write) -> None:
    hls = {"shape": "dataflow", "reuse_factor": 8, "heads": "in_turn", "part": "xcvu9p-flga2104-2-e"}
    rtl = {"clock_ns": 3.0, "generate": "never"}
    axes = {"integer_bits": [3], "fraction_bits": [5], "shape": ["parallel", "dataflow"], "clock_ns": ["200 MHz"]}
    config = load_config(swept(job, axes, hls=hls, rtl=rtl))
    unrolled, rows = (loaded(at(config, values)) for values in grid(config))
    assert (unrolled.hls.shape, unrolled.hls.reuse_factor, unrolled.hls.heads) == ("parallel", 1, "parallel")
    assert (rows.hls.shape, rows.hls.reuse_factor, rows.hls.heads) == ("dataflow", 8, "in_turn")
    assert (rows.hls.part, rows.hls.clock_ns, rows.rtl.clock_ns) == ("xcvu9p-flga2104-2-e", 5.0, None)
    assert rows.requantise is not None and (rows.requantise.integer_bits, rows.requantise.fraction_bits) == (3, 5)
    assert rows.sweep is None and rows.model.path == config.model.path
    standing = loaded(at(config, ()))
    assert standing.digest_fields("hls", "rtl", "requantise") == config.digest_fields("hls", "rtl", "requantise")


def test_a_point_that_is_no_configuration_tells_why(job: Write) -> None:
    config = load_config(swept(job, {"integer_bits": [12], "fraction_bits": [12]}))
    with pytest.raises(UserError, match=r"requantise\.integer_bits must be such that integer and fraction bits are at"):
        loaded(at(config, grid(config)[0]))
