"""Files of a project: exact numbers, true digests, nothing that changes from one conversion to the next."""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import InternalError, UserError
from fpga_tf.files import MANIFEST
from fpga_tf.fixedpoint import Format
from fpga_tf.hls.build import find_compiler
from fpga_tf.hls.manifest import Manifest, Port, edited, read_manifest
from fpga_tf.hls.project import TEST_VECTORS, Samples, decimal
from fpga_tf.hls.weights import loaded_at_start
from tests.hls.conftest import Tiny

pytestmark = pytest.mark.qkeras


def constants(folder: Path, name: str) -> list[Fraction]:
    """Values of a weight file, exactly as they are written there."""
    text = (folder / "firmware" / "weights" / f"{name}.h").read_text("utf-8")
    match = re.search(rf"#define {name.upper()}_VALUES (.*)", text)
    assert match is not None
    return [Fraction(v) for v in match[1].split(", ")]


def types(folder: Path) -> dict[str, Format]:
    """The formats of defines.h by type name."""
    text = (folder / "firmware" / "defines.h").read_text("utf-8")
    return {name: Format.parse(kind) for kind, name in re.findall(r"typedef (ap_\w+<[^>]*>) (\w+);", text)}


def exactly(values: object) -> list[Fraction]:
    return [Fraction(v) for v in np.asarray(values, dtype=np.float64).ravel().tolist()]


def test_weights_are_written_as_the_exact_values_that_keras_uses(tiny: Tiny) -> None:
    attention = tiny.model.get_layer("attention")
    expected = {}
    for name in ("embed", "logits"):
        layer = tiny.model.get_layer(name)
        kernel = layer.kernel_quantizer_internal(layer.kernel.value)
        expected[name] = kernel, layer.bias_quantizer_internal(layer.bias.value)
    for stage, dense in attention.projections().items():
        expected[f"attention_{stage}"] = attention.quantised_weights(dense)
    formats = types(tiny.folder)
    for name, (kernel, bias) in expected.items():
        node = tiny.node(name)
        weight, shift = node.get_weights("weight"), node.get_weights("bias")
        assert sorted(constants(tiny.folder, weight.name)) == sorted(exactly(kernel)), name
        assert set(constants(tiny.folder, shift.name)) == set(exactly(bias)), name
        for variable in (weight, shift):
            fmt = formats[variable.type.name]
            codes = [v * 2**fmt.fraction for v in constants(tiny.folder, variable.name)]
            assert all(c.denominator == 1 and fmt.min_code <= c <= fmt.max_code for c in codes), variable.name


def test_tables_are_the_designed_integers(tiny: Tiny) -> None:
    designs = {
        "attention_attention": tiny.model.get_layer("attention").design(3),
        "probabilities": tiny.model.get_layer("probabilities").design((None, 3)),
    }
    for name, design in designs.items():
        node = tiny.node(name)
        for table, entries in (("exp_table", design.exp), ("reciprocal_table", design.reciprocal)):
            variable = node.get_weights(table)
            assert constants(tiny.folder, variable.name) == list(entries)
            assert types(tiny.folder)[variable.type.name] == Format(False, max(entries).bit_length(), 0)


def test_the_manifest_lists_every_file_with_its_digest(tiny: Tiny) -> None:
    manifest = read_manifest(tiny.folder)
    assert manifest == tiny.manifest
    files = {str(p.relative_to(tiny.folder)) for p in tiny.folder.rglob("*") if p.is_file()}
    assert files == set(manifest.files) | {MANIFEST}
    for name, digest in manifest.files.items():
        assert hashlib.sha256((tiny.folder / name).read_bytes()).hexdigest() == digest, name
    assert edited(tiny.folder, manifest) == []


def test_an_edited_and_a_missing_file_are_found(tiny: Tiny, tmp_path: Path) -> None:
    (tmp_path / "firmware").mkdir()
    for name in ("firmware/defines.h", "project.tcl"):
        (tmp_path / name).write_bytes((tiny.folder / name).read_bytes())
    manifest = replace(tiny.manifest, files={n: tiny.manifest.files[n] for n in ("firmware/defines.h", "project.tcl")})
    assert edited(tmp_path, manifest) == []
    (tmp_path / "project.tcl").write_text("")
    (tmp_path / "firmware/defines.h").unlink()
    assert edited(tmp_path, manifest) == ["firmware/defines.h", "project.tcl"]


def test_the_same_model_gives_the_same_bytes_wherever_the_project_is(tiny: Tiny, tmp_path: Path) -> None:
    from tests.hls.tiny import tiny_model, write_tiny

    again, anew = tmp_path / "again", tmp_path / "a longer path"
    _, manifest, _ = write_tiny(tiny.model, again)
    assert manifest == tiny.manifest
    assert (again / MANIFEST).read_bytes() == (tiny.folder / MANIFEST).read_bytes()
    _, manifest, _ = write_tiny(tiny_model(), anew)
    assert manifest.files == tiny.manifest.files


def test_no_file_tells_where_or_when_it_was_made(tiny: Tiny) -> None:
    places = (str(tiny.folder), str(Path.home()), str(Path(__file__).parents[2]))
    for name in tiny.manifest.files:
        text = (tiny.folder / name).read_text("utf-8", errors="replace")
        assert not any(len(place) > 2 and place in text for place in places), name


def test_vectors_are_the_same_numbers_as_codes_and_as_decimals(tiny: Tiny) -> None:
    data = tiny.folder / "tb_data"
    for kind, port in (
        ("tb_input_features", tiny.manifest.inputs[0]),
        ("tb_output_predictions", tiny.manifest.outputs[0]),
    ):
        decimals = [line.split() for line in (data / f"{kind}.dat").read_text().splitlines()]
        codes = [line.split() for line in (data / f"{kind}_codes.dat").read_text().splitlines()]
        assert len(decimals) == len(codes) == TEST_VECTORS
        for values, integers in zip(decimals, codes, strict=True):
            assert [Fraction(v) for v in values] == [Fraction(int(c), 2**port.type.fraction) for c in integers]
            assert len(values) == port.size


def test_hls4mls_own_testbench_gives_the_expected_decimals(tiny: Tiny, tmp_path: Path) -> None:
    program = tmp_path / "testbench"
    sources = [f"{tiny.manifest.name}_test.cpp", f"firmware/{tiny.manifest.name}.cpp"]
    command = [find_compiler(), "-std=c++14", "-O0", "-w", "-Ifirmware/ap_types", *sources, "-o", str(program)]
    subprocess.run(command, cwd=tiny.folder, check=True, timeout=600)
    log = tiny.folder / "tb_data" / "csim_results.log"
    try:
        subprocess.run([program], cwd=tiny.folder, check=True, timeout=60, capture_output=True)
        made = [[Fraction(v) for v in line.split()] for line in log.read_text().splitlines()]
    finally:
        log.unlink(missing_ok=True)  # the project is shared
    expected = (tiny.folder / "tb_data" / "tb_output_predictions.dat").read_text().splitlines()
    assert made == [[Fraction(v) for v in line.split()] for line in expected]


@pytest.mark.parametrize(
    ("code", "fraction", "text"),
    [(0, 0, "0"), (-3, 0, "-3"), (5, -2, "20"), (-1, 3, "-0.125"), (9, 3, "1.125"), (1, 10, "0.0009765625")],
)
def test_a_decimal_is_exact(code: int, fraction: int, text: str) -> None:
    assert decimal(code, fraction) == text


def test_the_widest_code_is_still_exact() -> None:
    assert Fraction(decimal(-(2**52), 60)) == Fraction(-(2**52), 2**60)


def test_fewer_samples_than_vectors_are_all_written(tmp_path: Path) -> None:
    port = Port("x", (2,), "ap_fixed<8,4>")
    codes = np.array([[1, -2], [3, 4]])
    Samples([(port, codes)], [(port, codes[:, :1]), (port, codes)]).write(tmp_path)
    assert (tmp_path / "tb_input_features.dat").read_text() == "0.0625 -0.1250\n0.1875 0.2500\n"
    assert (tmp_path / "tb_output_predictions_codes.dat").read_text() == "1 1 -2\n3 3 4\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "[" * 100_000,
        lambda text: text.replace('"schema": 2', '"schema": 1'),
        lambda text: text.replace('"name": "tagger"', '"name": "a; rm -rf b"'),
        lambda text: text.replace('"format": "ap_fixed<8,4,AP_RND_CONV,AP_SAT,0>"', '"format": "double"'),
        lambda text: text.replace('"shape": [', '"shape": [null, '),
        lambda text: text.replace('"files": {', '"other": {'),
        lambda text: text.replace('"firmware/defines.h"', '"../defines.h"'),
        lambda text: text.replace('"firmware/defines.h"', '"/etc/passwd"'),
        lambda text: text.replace('"exact": "float32"', '"exact": "float16"'),
        lambda text: text.replace('"backend": "Vitis"', '"backend": 1'),
        lambda text: text.replace('"node": "embed"', '"node": null'),
        lambda text: "\udcff",
    ],
)
def test_a_damaged_manifest_is_refused(damage: object, tiny: Tiny, tmp_path: Path) -> None:
    text = (tiny.folder / MANIFEST).read_text("utf-8")
    assert callable(damage)
    changed = damage(text)
    assert changed != text
    (tmp_path / MANIFEST).write_text(changed, "utf-8", errors="surrogateescape")
    with pytest.raises(UserError) as caught:
        read_manifest(tmp_path)
    assert MANIFEST in str(caught.value) and str(tmp_path) in str(caught.value)


def test_a_folder_without_a_manifest_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"a project must hold {MANIFEST}"):
        read_manifest(tmp_path)


def test_what_hls4ml_writes_otherwise_than_expected_is_our_fault() -> None:
    with pytest.raises(InternalError, match="a weight file must define one array"):
        loaded_at_start("float w2[3];", "w2.h")


def test_a_manifest_reads_back_as_it_was_written(tiny: Tiny) -> None:
    manifest: Manifest = tiny.manifest
    assert manifest.inputs[0] == Port("tracks", (3, 4), "ap_fixed<8,4,AP_RND_CONV,AP_SAT,0>")
    assert manifest.outputs[0].type == Format.parse("ap_ufixed<10,0,AP_RND_CONV,AP_SAT>")
    assert [p.size for p in (*manifest.inputs, *manifest.outputs)] == [12, 3]
