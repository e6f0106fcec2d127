"""Widths that are drawn of a project: from its manifest, and of heads from the weights in its firmware."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fpga_tf.flow.pictures import layer_widths
from fpga_tf.hls.manifest import Port

from .projects import manifest

SIGNED = "ap_fixed<8,4>"


def rows(folder: Path, shape: str = "[3, 2, 1]") -> dict[str, list[int | None]]:
    (folder / "firmware" / "weights").mkdir(parents=True)
    kernel = np.array([[0.25, -1.0], [0.5, 0.75], [0.25, 0.25]])
    (folder / "firmware" / "weights" / "w4.h").write_text(
        f"//Numpy array shape {shape}\n#define W4_VALUES {', '.join(f'{v:.4f}' for v in kernel.ravel())}\n"
    )
    given = manifest(
        inputs=(Port("x", (3, 3), "ap_fixed<6,3>"),),
        layers=(
            Port("a/query", (3, 2, 1), SIGNED, "a_query"),
            Port("d", (4,), SIGNED, "d"),
            Port("d", (4,), "ap_ufixed<5,5>", "d_relu"),
        ),
        widest={"a/query": 14, "d": 9},
        weights={"firmware/weights/w4.h": "a/query", "firmware/weights/b4.h": "a/query"},
        typedefs={
            "a/query": {"layer4_t": SIGNED, "a_query_weight_t": "ap_fixed<5,1>", "bias4_t": "ap_fixed<6,1>"},
            "d": {"layer5_t": SIGNED, "weight5_t": "ap_int<7>"},
        },
    )
    return {row.name: row.cells for row in layer_widths(folder, given)}


def test_each_layer_and_each_head_has_its_bits(tmp_path: Path) -> None:
    assert rows(tmp_path) == {
        "x": [6, None, None, None],
        "a/query": [8, 14, 5, 6],
        "a/query, head 1": [None, None, 2, None],  # quarters up to a half
        "a/query, head 2": [None, None, 3, None],  # quarters from -1 to 3/4
        "d": [8, 9, 7, None],
        "d (d_relu)": [5, None, None, None],
    }


def test_weights_that_lie_in_banks_have_no_heads(tmp_path: Path) -> None:
    assert [name for name in rows(tmp_path, "[6]") if "head" in name] == []


def test_a_shape_that_does_not_fit_is_not_believed(tmp_path: Path) -> None:
    assert [name for name in rows(tmp_path, "[3, 2, 2]") if "head" in name] == []
