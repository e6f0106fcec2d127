"""The keys of hardware shapes: what they come to for each layer, and every complaint with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fpga_tf.errors import InternalError, UserError
from fpga_tf.flow.config import load_config
from fpga_tf.flow.config_errors import ConfigError
from fpga_tf.flow.run import _fields
from fpga_tf.flow.shapes import check_layer_names, check_own_formats, shapes_of
from fpga_tf.hls.shapes import LayerShape, Shapes

from .conftest import Write

HEAD = "name: tiny\nmodel: {path: model.keras}\nhls:\n"


@pytest.fixture
def hls(job: Write) -> Any:
    """Writes a config whose section `hls` begins on line 4."""

    def write(text: str) -> Path:
        path = job()
        path.write_text(HEAD + "".join(f"  {line}\n" for line in text.splitlines()), "utf-8")
        return path

    return write


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return str(caught.value).replace(f"{path}:", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "io_type: io_stream",
            "hls.io_type must be io_parallel with shape: parallel, not 'io_stream'\n  at   4:12\n"
            "  hint rows enter one after another where shape is dataflow or auto; single layers may be parallel",
        ),
        (
            "reuse_factor: 4",
            "hls.reuse_factor must be 1 with shape: parallel, not 4\n  at   4:17\n"
            "  hint shape: dataflow shares multipliers",
        ),
        (
            "shape: parallel\nheads: in_turn",
            "hls.heads must be parallel with shape: parallel, not 'in_turn'\n  at   5:10\n"
            "  hint shape: dataflow shares multipliers",
        ),
        (
            "shape: auto\nreuse_factor: 1",
            "hls.reuse_factor must be left out with shape: auto, which chooses it, not given\n  at   5:17",
        ),
        (
            "shape: auto\nheads: parallel",
            "hls.heads must be left out with shape: auto, which chooses it, not given\n  at   5:10",
        ),
        (
            "layers:\n  one: {shape: dataflow, reuse_factor: 4}\n  two: {reuse_factor: 3}",
            "hls.layers.two.reuse_factor must be 1 with shape: parallel, not 3\n  at   6:25\n"
            "  hint give the layer shape: dataflow",
        ),
        (
            "shape: dataflow\nlayers:\n  one:\n    shape: parallel\n    heads: in_turn",
            "hls.layers.one.heads must be parallel with shape: parallel, not 'in_turn'\n  at   8:14",
        ),
        (
            "shape: dataflow\nlayers:\n  one: {shape: parallel}\n  one/output: {reuse_factor: 2}",
            "hls.layers.one/output.reuse_factor must be 1 with shape: parallel, not 2\n  at   7:32\n"
            "  hint give the layer shape: dataflow",
        ),
        (
            "shape: auto\nlayers:\n  one: {heads: in_turn}",
            "hls.layers.one.heads must be given with the layer's own shape where hls.shape is auto, not alone\n"
            "  at   6:18\n  hint auto may find the model to be parallel",
        ),
        (
            "layers: {one: {reuse_factor: 1000001}}",
            "hls.layers.one.reuse_factor must be a whole number from 1 to 1000000 or null, not 1000001\n  at   4:32",
        ),
        (
            "layers: [one]",
            "hls.layers must be a mapping from names of layers to their shapes, not a list of 1\n  at   4:11",
        ),
        ("layers: {'': {}}", "a key of hls.layers must be printable text of 1 to 200 characters, not ''\n  at   4:12"),
        (
            "attention: parallel",
            "a key of hls must be a known one, not attention\n  at   4:3\n"
            "  hint write shape, which is that of the whole model",
        ),
        (
            "layers: {one: {part: x}}",
            "a key of hls.layers.one must be a known one, not part\n  at   4:18\n"
            "  hint part belongs in the section hls",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(hls: Any, text: str, told: str) -> None:
    assert complaint(hls(text)) == told


@pytest.mark.parametrize(
    "text",
    [
        "shape: parallel\nreuse_factor: 1\nheads: parallel",
        "shape: dataflow\nreuse_factor: 1000000\nheads: in_turn",
        "shape: dataflow\nio_type: io_stream\nlayers: {one: {shape: parallel, reuse_factor: 1}}",
        "shape: auto\nio_type: io_stream\nlayers: {one: {shape: dataflow, reuse_factor: 2}, one/key: {heads: in_turn}}",
    ],
)
def test_what_fits(hls: Any, text: str) -> None:
    load_config(hls(text))


def shapes(path: Path, chosen: LayerShape | None = None) -> Shapes:
    return shapes_of(load_config(path).hls, chosen)


def test_without_a_word_all_is_parallel(hls: Any) -> None:
    found = shapes(hls("part: xcvu13p-flga2577-2-e"))
    assert found == Shapes()
    assert (found.of("any"), found.dataflow) == (LayerShape("parallel", 1, "parallel"), False)


def test_a_stage_has_what_its_layer_and_the_model_have(hls: Any) -> None:
    text = """shape: dataflow
reuse_factor: 2
layers:
  one: {heads: in_turn}
  one/output: {reuse_factor: 4}
  two: {shape: parallel}
  two/scores: {shape: dataflow, reuse_factor: 8}
  three/key: {reuse_factor: 16}"""
    found = shapes(hls(text))
    of = {name: found.of(name) for name in ("one", "one/scores", "one/output", "two", "two/key", "two/scores")}
    assert of == {
        "one": LayerShape("dataflow", 2, "in_turn"),
        "one/scores": LayerShape("dataflow", 2, "in_turn"),
        "one/output": LayerShape("dataflow", 4, "in_turn"),
        "two": LayerShape(),
        "two/key": LayerShape(),
        "two/scores": LayerShape("dataflow", 8, "parallel"),
    }
    assert found.of("three/key") == LayerShape("dataflow", 16, "parallel")
    assert found.of("three") == found.of("three/value") == found.default == LayerShape("dataflow", 2, "parallel")


def test_whether_anything_goes_row_by_row(hls: Any) -> None:
    assert shapes(hls("shape: dataflow")).dataflow
    assert shapes(hls("layers: {one: {shape: dataflow}}")).dataflow
    assert not shapes(hls("layers: {one: {shape: parallel}}")).dataflow
    assert shapes(hls("shape: auto\nio_type: io_stream"), LayerShape()).dataflow


def test_auto_takes_what_was_chosen(hls: Any) -> None:
    path = hls("shape: auto\nlayers: {one: {shape: dataflow, reuse_factor: 4}, two: {shape: dataflow}}")
    chosen = LayerShape("dataflow", 8, "in_turn")
    found = shapes(path, chosen)
    assert (found.default, found.of("one")) == (chosen, LayerShape("dataflow", 4, "in_turn"))
    assert found.of("two") == chosen
    assert shapes(path, LayerShape()).of("one") == LayerShape("dataflow", 4, "parallel")
    with pytest.raises(InternalError, match="decided before"):
        shapes(path)


@pytest.mark.parametrize(
    "values", [("parallel", 2, "parallel"), ("parallel", 1, "in_turn"), ("dataflow", 0, "parallel")]
)
def test_a_shape_that_cannot_be(values: tuple[Any, Any, Any]) -> None:
    with pytest.raises(InternalError, match="must share no multiplier"):
        LayerShape(*values)


NAMES = ("input", "block1_mha/scores", "block1_mha/output", "block2_mha/output", "head")


def test_names_of_layers_and_stages_are_known(hls: Any) -> None:
    config = load_config(hls("layers: {block1_mha: {}, block2_mha/output: {}, head: {}}"))
    check_layer_names(config, NAMES)


def test_every_unknown_name_is_told_with_what_is_near(hls: Any) -> None:
    path = hls(
        "shape: dataflow\nlayers:\n  head: {}\n  block_mha: {}\n  block1_mha/score:\n    reuse_factor: 2\n  zzz: {}"
    )
    with pytest.raises(ConfigError) as caught:
        check_layer_names(load_config(path), NAMES)
    assert str(caught.value).replace(f"{path}:", "").split("\n") == [
        "a key of hls.layers must be a layer of the model, not block_mha",
        "  at   7:5",
        "  hint did you mean block2_mha or block1_mha or block2_mha/output?",
        "a key of hls.layers must be a layer of the model, not block1_mha/score",
        "  at   8:5",
        "  hint did you mean block1_mha/scores or block1_mha or block1_mha/output?",
        "a key of hls.layers must be a layer of the model, not zzz",
        "  at   10:5",
        "  hint layers: block1_mha, block1_mha/output, block1_mha/scores, block2_mha, block2_mha/output, head, input",
    ]


def test_a_long_list_of_layers_is_cut(hls: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        check_layer_names(load_config(hls("layers: {zzz: {}}")), [f"a{i:02}" for i in range(13)])
    assert caught.value.hint == f"layers: {', '.join(f'a{i:02}' for i in range(12))}, ..."


def test_values_with_formats_of_their_own_stay_parallel(hls: Any) -> None:
    check_own_formats(load_config(hls("layers: {one: {shape: parallel}}")))
    for text, told, at in (
        ("shape: auto", "hls.shape must be parallel with a model of HGQ2, not auto", "4:10"),
        ("shape: dataflow", "hls.shape must be parallel with a model of HGQ2, not dataflow", "4:10"),
        (
            "layers:\n  one:\n    shape: dataflow",
            "hls.layers.one.shape must be parallel with a model of HGQ2, not dataflow",
            "6:14",
        ),
    ):
        path = hls(text)
        with pytest.raises(UserError) as caught:
            check_own_formats(load_config(path))
        assert (caught.value.what, caught.value.where) == (told, f"{path}:{at}")


@pytest.mark.parametrize(
    "change",
    [
        "shape: dataflow",
        "shape: dataflow\nio_type: io_stream",
        "shape: dataflow\nreuse_factor: 2",
        "shape: dataflow\nheads: in_turn",
        "shape: dataflow\nlayers: {one: {reuse_factor: 2}}",
        "shape: dataflow\nlayers: {two: {reuse_factor: 2}}",
    ],
)
def test_another_shape_is_another_project(hls: Any, change: str) -> None:
    before = "shape: dataflow" if "\n" in change else "shape: parallel"
    assert _fields(load_config(hls(change))) != _fields(load_config(hls(before)))


def test_the_budget_makes_another_project_only_where_it_decides_the_shape(hls: Any) -> None:
    def fields(shape: str, latency: str) -> bytes:
        path = hls(f"shape: {shape}")
        path.write_text(f"{path.read_text('utf-8')}budget: {{latency_us: {latency}}}\n", "utf-8")
        return _fields(load_config(path))

    assert fields("auto", "1.0") != fields("auto", "2.0")
    assert fields("parallel", "1.0") == fields("parallel", "2.0")
