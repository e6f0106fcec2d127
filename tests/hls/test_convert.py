"""Conversion: names, hls4ml's registry, both backends, and odd but right graphs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import InternalError, UserError
from fpga_tf.store import Store

pytestmark = pytest.mark.qkeras
W, B = "quantized_bits(5,1,alpha=1)", "quantized_bits(7,2,alpha=1)"


def dense(units: int, name: str, activation: str | None = None) -> Any:
    from qkeras import QDense

    return QDense(units, kernel_quantizer=W, bias_quantizer=W, activation=activation, name=name)


def quant(name: str, text: str = B) -> Any:
    from qkeras import QActivation

    return QActivation(text, name=name)


def randomise(model: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.8, w.shape) for w in model.weights])
    return model


def proved(model: Any, folder: Path, store: Store, **options: Any) -> Any:
    """The project of a model, after every code has been compared."""
    from tests.conformance.proof import make, prove, samples

    project = make(model, folder, store, **options)
    proof = prove(project, samples(project.converted.inputs, np.random.default_rng(0), each=20))
    assert proof.differing == {} and proof.compared > 500
    return project


def named(names: tuple[str, ...]) -> Any:
    """A chain of layers with these names, the input's first."""
    import keras

    x = inputs = keras.Input((3,), name=names[0])
    x = quant(names[1])(x)
    for name in names[2:]:
        x = dense(2, name, B)(x)  # quantised, or else the exact sums grow beyond 53 bits
    return randomise(keras.Model(inputs, x))


NAMES = (
    *("i", "n", "p", "u", "t"),  # letters that hls4ml's own table of names holds
    *("same", "Same", "SAME"),  # hls4ml looks precisions up in lower case
    *("y", "y_0", "y_accum_t", "w2", "layer2_out"),
)


def test_names_that_hls4ml_could_confuse_do_not_collide(tmp_path: Path, store: Store) -> None:
    project = proved(named(NAMES), tmp_path / "project", store)
    assert [p.name for p in project.manifest.layers] == list(NAMES[1:])


@pytest.mark.parametrize(
    "name", ["layer2_out", "layer2_t", "w3", "b3", "config3", "d_accum_t", "d_weight_t", "top", "MIN", "M_PI", "ERANGE"]
)
def test_an_input_that_is_called_as_something_in_the_firmware_is_refused(name: str, tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, convert

    with pytest.raises(UserError, match="an input must not be called as something in the generated C") as caught:
        convert(named((name, "q", "d")), Target("top", tmp_path / "project"))
    assert caught.value.where == f"input {name}"


@pytest.mark.parametrize("name", ["layer2_t", "w3", "b3", "config3", "d_accum_t", "weight3_t"])
def test_a_top_that_is_called_as_something_in_the_firmware_is_refused(name: str, tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, convert

    with pytest.raises(UserError, match=f"a project must not be called as something in the .*, {name}") as caught:
        convert(named(("x", "q", "d")), Target(name, tmp_path / "project"))
    assert (caught.value.where, caught.value.hint) == ("name", f"rename it, for example {name}_top")


def test_stages_of_an_attention_do_not_take_the_names_of_layers(tmp_path: Path) -> None:
    import keras

    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.layers import QMultiHeadAttention

    stages = {f"{s}_quantizer": B for s in ("query", "key", "value", "scores", "context")}
    attention = QMultiHeadAttention(
        1,
        1,
        **stages,
        kernel_quantizer=W,
        bias_quantizer=W,
        attention_quantizer="quantized_bits(6,0,keep_negative=0,alpha=1)",
        name="att",
    )
    inputs = keras.Input((2, 2), name="x")
    x = quant("att_query")(inputs)
    y = dense(2, "att_scores")(x)
    state = convert(keras.Model(inputs, attention(x, y)), Target("top", tmp_path / "project")).state
    assert [tap.layer for tap in state.taps][:3] == ["att_query", "att_scores", "att/query"]
    assert len({tap.node for tap in state.taps}) == len(state.taps)


def test_the_other_backend_computes_the_same(tmp_path: Path, store: Store) -> None:
    from tests.hls.tiny import tiny_model

    project = proved(tiny_model(), tmp_path / "project", store, backend="Vivado")
    text = (tmp_path / "project" / "build_prj.tcl").read_text("utf-8")
    assert project.manifest.backend == "Vivado" and "csynth_design" in text


def odd_outputs() -> Any:
    """Outputs that are read by others, alike, reshaped, or an input passed on."""
    import keras

    layers = keras.layers
    inputs = keras.Input((2, 3), name="x")
    x = quant("q")(inputs)
    y = dense(3, "d")(x)
    flat = layers.Flatten(name="flat")(y)
    outputs = [x, y, flat, layers.Reshape((3, 2), name="shape")(flat), layers.Permute((2, 1), name="move")(y)]
    outputs += [layers.Dropout(0.5, name="drop")(flat), dense(2, "last")(flat)]
    return randomise(keras.Model(inputs, outputs))


def test_outputs_may_be_read_by_other_layers(tmp_path: Path, store: Store) -> None:
    project = proved(odd_outputs(), tmp_path / "project", store)
    assert [p.shape for p in project.manifest.outputs] == [(2, 3), (2, 3), (6,), (3, 2), (3, 2), (6,), (2,)]


def test_declared_inputs_are_taken_as_codes(tmp_path: Path, store: Store) -> None:
    import keras

    from fpga_tf.fixedpoint import Format

    inputs = [keras.Input((3,), name=n) for n in ("a", "b")]
    model = keras.Model(inputs, keras.layers.Add(name="sum")([dense(2, "d")(inputs[0]), dense(2, "e")(inputs[1])]))
    fmt = Format.parse("ap_ufixed<9,3,RND_CONV,SAT>")
    project = proved(randomise(model), tmp_path / "project", store, declared=fmt)
    assert [(p.format, p.raw) for p in project.converted.inputs] == [(fmt, False)] * 2


def test_an_output_given_twice_is_refused(tmp_path: Path) -> None:
    import keras

    from fpga_tf.hls.convert import Target, convert

    inputs = keras.Input((3,), name="x")
    x = quant("q")(inputs)
    with pytest.raises(UserError, match="an output of a model must be given once") as caught:
        convert(keras.Model(inputs, [x, x]), Target("top", tmp_path / "project"))
    assert caught.value.where == "layer q"


@pytest.mark.parametrize("declared", [None, "ap_fixed<9,3>"])
def test_an_input_that_is_an_output_is_refused(declared: str | None, tmp_path: Path) -> None:
    import keras

    from fpga_tf.fixedpoint import Format
    from fpga_tf.hls.convert import Target, convert

    inputs = keras.Input((3,), name="x")
    model = keras.Model(inputs, [quant("q")(inputs), inputs])
    with pytest.raises(UserError, match="an output of a model must be computed by a layer, not be an input") as caught:
        convert(model, Target("top", tmp_path / "project"), declared and Format.parse(declared))
    assert (caught.value.where, caught.value.hint) == (
        "input x",
        "leave it out of the outputs, or put a quantiser between",
    )


@pytest.mark.parametrize("dtype", ["int32", "float16"])
def test_an_input_that_keras_would_round_is_refused(dtype: str, tmp_path: Path) -> None:
    import keras

    from fpga_tf.hls.convert import Target, convert

    inputs = keras.Input((3,), name="x", dtype=dtype)
    with pytest.raises(UserError, match=f"an input must be float32, or bool for a mask, not {dtype}") as caught:
        convert(keras.Model(inputs, quant("q")(inputs)), Target("top", tmp_path / "project"))
    assert caught.value.where == "input x"


def test_an_input_that_nothing_reads_is_to_be_left_out(tmp_path: Path) -> None:
    import keras

    from fpga_tf.hls.convert import Target, convert

    inputs = [keras.Input((3,), name="x"), keras.Input((2,), name="spare")]
    with pytest.raises(UserError, match="not read by nothing") as caught:
        convert(keras.Model(inputs, quant("q")(inputs[0])), Target("top", tmp_path / "project"))
    assert (caught.value.where, caught.value.hint) == ("input spare", "leave the input out of the model")


def registry() -> dict[str, Any]:
    from hls4ml.converters.keras_v3_to_hls import v3_layer_handlers

    return dict(v3_layer_handlers)


def test_hls4mls_registry_is_left_as_it_was(tmp_path: Path) -> None:
    import keras

    from fpga_tf.hls.convert import Target, convert

    before = registry()
    assert before
    convert(named(("x", "q", "d")), Target("top", tmp_path / "good"))
    assert registry() == before
    inputs = keras.Input((3,), name="x")
    bad = keras.Model(inputs, keras.layers.LayerNormalization(name="bad")(quant("q")(inputs)))
    with pytest.raises(UserError):
        convert(bad, Target("top", tmp_path / "bad"))
    assert registry() == before


def test_a_handler_that_fails_leaves_the_registry_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.lower import walk

    before = registry()

    def broken(*_: object) -> list[Any]:
        raise RuntimeError("a fault of ours")

    monkeypatch.setitem(walk.HANDLERS, "QDense", broken)
    with pytest.raises(RuntimeError):
        convert(named(("x", "q", "d")), Target("top", tmp_path / "project"))
    assert registry() == before


def test_a_node_of_another_class_or_type_is_our_fault(tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, assert_graph, convert

    converted = convert(named(("x", "q", "d")), Target("top", tmp_path / "project"))
    state = converted.state
    changes: list[Callable[[], None]] = [
        lambda: state.classes.update(d="Softmax"),
        lambda: state.classes.update(missing="Dense"),
        lambda: state.precisions["d"].update(result="fixed<3,1>"),
        lambda: state.precisions["d"].update(accum="fixed<3,1>"),
        lambda: state.precisions["d"].update(weight="fixed<3,1>"),
    ]
    for change in changes:
        classes, precisions = dict(state.classes), {k: dict(v) for k, v in state.precisions.items()}
        assert_graph(converted.graph, state)
        change()
        with pytest.raises(InternalError, match="hls4ml must"):
            assert_graph(converted.graph, state)
        state.classes, state.precisions = classes, precisions


SCRIPT = """
import sys
from pathlib import Path
from tests.hls.tiny import tiny_model, write_tiny
_, manifest, _ = write_tiny(tiny_model(), Path(sys.argv[1]))
print(manifest.files["firmware/defines.h"], hash("x") % 1000)
print(sorted(manifest.files.items()))
"""


@pytest.mark.slow
def test_another_process_with_other_hashes_writes_the_same_files(tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / seed)]
        environment = {"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "TF_CPP_MIN_LOG_LEVEL": "3"}
        root = Path(__file__).parents[2]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        made.append([line for line in done.stdout.splitlines() if line][-2:])
    assert made[0][1] == made[1][1]
    assert made[0][0] != made[1][0]  # the hashes did differ
