"""Softmaxes read from a firmware's own files, and what becomes of those that can't be."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.fixedpoint.softmax import design_softmax
from fpga_tf.flow.softmax_tables import softmax_designs
from fpga_tf.hls.manifest import Manifest, Port

from .projects import manifest

SCORES, WEIGHTS = "ap_fixed<6,3,AP_RND_CONV,AP_SAT,0>", "ap_ufixed<8,0,AP_RND_CONV,AP_SAT,0>"
DESIGN = design_softmax(Format.parse(SCORES), Format.parse(WEIGHTS), 4, Decimal("0.5"))
FIELDS = {
    "unsigned n_slice": "4", "bool stable": "true", "unsigned in_bits": "6", "long long lowest": "-32LL",
    "unsigned n_exp": str(len(DESIGN.exp)), "unsigned exp_shift": str(DESIGN.exp_shift),
    "unsigned lead": str(DESIGN.lead), "unsigned address_bits": str(DESIGN.address_bits),
    "unsigned n_reciprocal": str(len(DESIGN.reciprocal)), "unsigned product_fraction": str(DESIGN.product_fraction),
}  # fmt: skip
PORTS = (
    Port("a/query", (3, 2, 4), "ap_fixed<6,3>", "a_query"),
    Port("a/scores", (2, 3, 4), SCORES, "a_scores"),
    Port("a/attention", (2, 3, 4), WEIGHTS, "a_attention"),
)


def project(folder: Path, base: str = " : fpga_tf::softmax_config", **changes: Any) -> Manifest:
    """A firmware with one softmax beside other structs."""
    (folder / "firmware" / "weights").mkdir(parents=True)
    body = "\n".join(f"    static const {name} = {value};" for name, value in FIELDS.items())
    text = f"struct config7 {{\n    static const unsigned n_in = 3;\n}};\n\nstruct config8{base} {{\n{body}\n}};\n"
    (folder / "firmware" / "parameters.h").write_text(text)
    weights = {}
    for name, values in (("exp_table", DESIGN.exp), ("reciprocal_table", DESIGN.reciprocal)):
        (folder / "firmware" / "weights" / f"{name}8.h").write_text(
            f"//Numpy array shape [{len(values)}]\n#define {name.upper()}8_VALUES {', '.join(map(str, values))}\n"
        )
        weights[f"firmware/weights/{name}8.h"] = "a/attention"
    fields = {"layers": PORTS, "weights": weights, "modules": (("a/attention", ("config8",)),)}
    return manifest(**fields | changes)


@pytest.mark.parametrize("base", [" : fpga_tf::softmax_config", ""])
def test_a_softmax_is_read_as_it_was_designed(tmp_path: Path, base: str) -> None:
    ((layer, (design, scale)),) = softmax_designs(tmp_path, project(tmp_path, base)).items()
    assert (layer, scale) == ("a/attention", Decimal("0.5"))
    assert design == DESIGN


def test_scores_that_are_no_layer_of_their_own(tmp_path: Path) -> None:
    fields: dict[str, Any] = {
        "layers": (Port("s", (4,), WEIGHTS, "s"),),
        "modules": (("s", ("config8",)),),
        "typedefs": {"s/scores": {"layer3_t": SCORES}},
        "weights": {f"firmware/weights/{name}_table8.h": "s" for name in ("exp", "reciprocal")},
    }
    ((layer, (design, scale)),) = softmax_designs(tmp_path, project(tmp_path, **fields)).items()
    assert (layer, design, scale) == ("s", DESIGN, 1)


def test_scores_of_an_unknown_format_are_left_out(tmp_path: Path) -> None:
    assert softmax_designs(tmp_path, project(tmp_path, layers=PORTS[2:], typedefs={})) == {}


@pytest.mark.parametrize("text", ["", "#define X_VALUES 1, two\n", "#define X_VALUES 1, 2\n"])
def test_a_damaged_table_is_refused(tmp_path: Path, text: str) -> None:
    given = project(tmp_path)
    (tmp_path / "firmware" / "weights" / "reciprocal_table8.h").write_text(text)
    with pytest.raises(UserError, match="the softmax of a/attention must be as it was generated"):
        softmax_designs(tmp_path, given)


def test_a_table_that_is_gone_is_told(tmp_path: Path) -> None:
    given = project(tmp_path)
    (tmp_path / "firmware" / "weights" / "exp_table8.h").unlink()
    with pytest.raises(UserError, match="a/attention"):
        softmax_designs(tmp_path, given)
