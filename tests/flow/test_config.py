"""Configurations: what is accepted, and the whole text of every complaint."""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fpga_tf.flow.config import Config, config_schema, load_config
from fpga_tf.flow.config_errors import ConfigError
from fpga_tf.store import canonical_json

from .conftest import Write

HERE = Path(__file__).parent
SHIPPED = sorted((HERE.parent.parent / "configs").glob("*.yaml"))
PUBLISHED = [path for path in SHIPPED if path.name.startswith("published_")]  # whose models are not shipped
PEERS = HERE.parents[2] / "shared" / "peers"


def complaint(path: Path, **arguments: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, **arguments)
    assert caught.value.exit_code == 2
    return str(caught.value)


def one_rule(write: Write, section: str, **values: Any) -> str:
    """The only complaint about a section's values: rule and value, and the hint if there is one."""
    base = {"model": {"path": "model.keras"}, "data": {"path": "data.h5"}}.get(section, {})
    lines = complaint(write(**{section: base | values})).splitlines()
    assert len(lines) <= 3
    assert lines[1].startswith("  at ")
    return "\n".join([lines[0], *lines[2:]])


def test_every_mistake_of_a_file_is_told_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "model.pkl").touch()
    (tmp_path / "c.yaml").write_text((HERE / "golden_config_errors.yaml").read_text("utf-8"), "utf-8")
    told = complaint(Path("c.yaml")).replace(str(tmp_path), "FOLDER").splitlines()
    golden = (HERE / "golden_config_errors.txt").read_text("utf-8").splitlines()
    assert "\n".join(difflib.unified_diff(golden, told, lineterm="")) == ""


def test_a_minimal_config_has_the_documented_defaults(
    job: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(job())
    assert config.model_dump(by_alias=True) == {
        "name": "tiny",
        "model": {"path": tmp_path / "model.keras", "frontend": "auto", "float": None, "input_precision": None},
        "quantise": None,
        "requantise": None,
        "data": {
            "path": tmp_path / "data.h5", "x": "x_eval", "y": "y_eval", "calibration_x": "x_calib", "classes": None,
            "signal": None, "max_samples": None,
        },
        "hls": {
            "backend": "Vitis", "part": "xcvu13p-flga2577-2-e", "clock_ns": 5.0, "clock_uncertainty_percent": 12.5,
            "io_type": "io_parallel", "shape": "parallel", "reuse_factor": 1, "heads": "parallel", "layers": {},
        },
        "rtl": {"generate": "auto", "simulate": "auto", "clock_ns": None, "levels": None, "delay": None},
        "simulation": {"stress_samples": 256, "random_samples": 10_000, "seed": 20260101, "jobs": 2},
        "gates": {"max_auc_loss": 0.005, "max_accuracy_loss": 0.01},
        "budget": {
            "latency_us": 2.0, "interval_cycles": None,
            "device_share": {"LUT": 0.8, "FF": 0.8, "DSP": 0.8, "BRAM_18K": 0.8, "URAM": 0.8},
            "slr_share": {"LUT": 1.0, "FF": None, "DSP": None, "BRAM_18K": None, "URAM": None},
        },
        "sweep": None,
        "project": tmp_path / "hls_projects" / "tiny",
    }  # fmt: skip
    assert config.budget.slr_share.as_dict() == {"LUT": 1.0}


def test_paths_count_from_the_configs_folder(job: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = job(project="out/p")
    monkeypatch.chdir("/")
    config = load_config(path)
    assert config.model.path == tmp_path / "model.keras"
    assert config.project == tmp_path / "out" / "p"
    monkeypatch.chdir(tmp_path)
    assert load_config(path, project=Path("other")).project == tmp_path / "other"


@pytest.mark.parametrize(
    ("text", "period"),
    [(5, 5.0), (2.5, 2.5), ("5 ns", 5.0), ("4ns", 4.0), ("2500 ps", 2.5), ("200 MHz", 5.0), ("320MHz", 3.125)],
)
def test_a_clock_has_a_number_or_a_unit(job: Write, text: Any, period: float) -> None:
    assert load_config(job(hls={"clock_ns": text})).hls.clock_ns == period


@pytest.mark.parametrize("value", ["5 us", "200 mhz", "5", "-5 ns", "five", "1e3 MHz", "5 ns\n", True, [5], None])
def test_a_clock_in_another_unit_is_told_the_accepted_ones(job: Write, value: Any) -> None:
    told = one_rule(job, "hls", clock_ns=value)
    assert told.startswith("hls.clock_ns must be a number of nanoseconds, or a number with the unit ns, ps or MHz, not")


@pytest.mark.parametrize("value", [0, 0.1, 2000, -5, "0 MHz", "5 ps", "1 MHz ", float("nan"), float("inf")])
def test_a_clock_out_of_range(job: Write, value: Any) -> None:
    assert one_rule(job, "hls", clock_ns=value).startswith("hls.clock_ns must be a ")


@pytest.mark.parametrize(
    "name",
    ["", "9a", "a-b", "a b", "a;b", "naïve", "_a", "a\n", 7, None, ["a"], "class", "std", "weights", "half", "a" * 41],
)
def test_a_name_is_a_c_identifier(job: Write, name: Any) -> None:
    told = complaint(job(name=name))
    assert told.splitlines()[0].startswith(
        "name must be a C identifier of at most 40 characters that C++ and hls4ml leave free, not"
    )


def test_names_at_the_limits(job: Write) -> None:
    assert load_config(job(name="a")).name == "a"
    assert load_config(job(name="aZ_9" * 10)).name == "aZ_9" * 10


@pytest.mark.parametrize(
    "part", ["xc7z020clg400-1", "xcu250-figd2104-2L-e", "xcvu13p-flga2577-2-e", "xc7vx690tffg1927-2"]
)
def test_real_parts(job: Write, part: str) -> None:
    assert load_config(job(hls={"part": part})).hls.part == part


@pytest.mark.parametrize(
    "part",
    ["", "xc", "xcvu13p; exit", "xcvu13p[exec]", "$env", "xcvu13p--2", "xcvu13p\n", "-xcvu13p", "x" * 99, "xcvu13p-é"],
)
def test_parts_that_tcl_could_misread(job: Write, part: str) -> None:
    told = one_rule(job, "hls", part=part)
    assert told.startswith("hls.part must be an AMD part number such as xcvu13p-flga2577-2-e, not ")


@pytest.mark.parametrize(
    ("section", "key", "value", "told"),
    [
        ("budget", "latency_us", 0, "a number of microseconds above 0 and at most 1000000 or null, not 0"),
        ("budget", "latency_us", "2", "a number of microseconds above 0 and at most 1000000 or null, not '2'"),
        ("simulation", "jobs", 0, "a whole number from 1 to 64, not 0"),
        ("simulation", "jobs", True, "a whole number from 1 to 64, not true"),
        ("simulation", "jobs", 2.0, "a whole number from 1 to 64, not 2.0"),
        ("gates", "max_auc_loss", -0.1, "a number from 0 to 1, not -0.1"),
        ("gates", "max_auc_loss", float("nan"), "a number from 0 to 1, not nan"),
        ("rtl", "levels", float("nan"), "a number from 1 to 1000 or null, not nan"),
        ("rtl", "levels", float("inf"), "a number from 1 to 1000 or null, not inf"),
        ("rtl", "levels", 0, "a number from 1 to 1000 or null, not 0"),
        ("rtl", "levels", 1e-6, "a number from 1 to 1000 or null, not 1e-06"),  # a million stages a level
        ("rtl", "levels", 1e30, "a number from 1 to 1000 or null, not 1e+30"),
        ("quantise", "weight_bits", 1, "a whole number of bits from 2 to 16, not 1"),
        ("quantise", "activation_bits", 21, "a whole number of bits from 2 to 20, not 21"),
        ("model", "frontend", "onnx", "auto or keras or qkeras or hgq2, not 'onnx'"),
        ("model", "input_precision", "ap_fixed<80,6>", "a fixed-point type of at most 53 bits, not 'ap_fixed<80,6>'"),
        ("model", "input_precision", "int", "a fixed-point type such as ap_fixed<16,6,RND,SAT>, not 'int'"),
        ("model", "input_precision", "ap_int<0>", "a fixed-point type such as ap_fixed<16,6,RND,SAT>, not 'ap_int<0>'"),
        ("data", "classes", ["b"], "a list of 2 to 100 names or null, not a list of 1"),
        ("data", "max_samples", 0, "a whole number of at least 1 or null, not 0"),
        ("hls", "backend", "vitis", "Vitis or Vivado, not 'vitis'"),
    ],
)  # fmt: skip
def test_values_out_of_range(job: Write, section: str, key: str, value: Any, told: str) -> None:
    assert one_rule(job, section, **{key: value}).splitlines()[0] == f"{section}.{key} must be {told}"


def test_a_huge_fixed_point_type_is_no_crash(job: Write) -> None:
    assert "must be a fixed-point type" in one_rule(job, "model", input_precision=f"ap_fixed<{'9' * 5000},1>")


def test_sections_must_agree(job: Write) -> None:
    assert one_rule(job, "data", classes=["b", "c"], signal="d") == "data.signal must be one of b, c, not 'd'"
    assert (
        one_rule(job, "data", classes=["b", "b"])
        == "data.classes must be a list of different names, not a list with one twice"
    )
    told = complaint(job(model={"path": "model.keras", "frontend": "hgq2"}, quantise={"weight_bits": 8}))
    assert told.startswith("quantise must be left out with a quantised model, not given\n")
    told = complaint(job(model={"path": "model.keras", "float": "model.keras"}, quantise={}))
    assert told.startswith("quantise must be left out where model.float is given, not given\n")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"integer_bits": 4},
            "quantise.integer_bits must be given with integer_bits and fraction_bits, not alone\n"
            "  hint they make one format for all tensors",
        ),
        (
            {"weight_fraction_bits": 4},
            "quantise.weight_fraction_bits must be given with integer_bits and fraction_bits, not alone\n"
            "  hint they make one format for all tensors",
        ),
        (
            {"integer_bits": 4, "fraction_bits": 6, "weight_bits": 8},
            "quantise.weight_bits must be left out where integer_bits is given, not given\n"
            "  hint integer_bits and fraction_bits state the format of everything",
        ),
        (
            {"integer_bits": 12, "fraction_bits": 6, "weight_fraction_bits": 12},
            "quantise.integer_bits must be such that integer and fraction bits are at most 23 together, not 12\n"
            "  hint floats of 32 bits must hold every weight exactly",
        ),
    ],
)
def test_one_format_is_whole_and_stands_alone(job: Write, keys: dict[str, int], told: str) -> None:
    assert one_rule(job, "quantise", **keys) == told


def test_one_format_at_its_ends(job: Write) -> None:
    for integer, fraction in ((0, 1), (12, 11), (7, 16)):
        section = load_config(job(quantise={"integer_bits": integer, "fraction_bits": fraction})).quantise
        assert section is not None
        assert (section.integer_bits, section.fraction_bits, section.weight_fraction_bits) == (integer, fraction, None)


WIDTHS = {"integer_bits": 3, "fraction_bits": 5}


def test_other_widths_of_a_quantised_model(job: Write) -> None:
    section = load_config(job(requantise=WIDTHS, data=None)).requantise
    assert section is not None
    assert section.model_dump() == {**WIDTHS, "weight_fraction_bits": None}
    assert one_rule(job, "requantise", integer_bits=3).startswith("requantise.fraction_bits must be given")
    told = one_rule(job, "requantise", integer_bits=12, fraction_bits=6, weight_fraction_bits=12)
    assert told.startswith(
        "requantise.integer_bits must be such that integer and fraction bits are at most 23 together, not 12\n"
    )
    told = complaint(job(requantise=WIDTHS, quantise={}))
    assert told.startswith("requantise must be left out where quantise is given, not given\n")
    told = complaint(job(requantise=WIDTHS, model={"path": "model.keras", "frontend": "hgq2"}))
    assert told.startswith("requantise must be left out with another frontend than qkeras, not given\n")


@pytest.mark.parametrize("project", [".", "..", "/", "sub/..", "data.h5", "model.keras"])
def test_the_project_folder_never_holds_what_the_run_needs(job: Write, project: str, tmp_path: Path) -> None:
    rule = "project must be a folder of its own, without the config, its files or the current folder, not"
    assert complaint(job(project=project)).startswith(rule)
    assert complaint(job(), project=tmp_path / project).startswith(rule)


def test_the_project_folder_is_not_the_current_one(job: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "below")
    assert complaint(job(project="here")).startswith("project must be a folder of its own")


@pytest.mark.parametrize(
    ("path", "found"), [("", "''"), (3, "3"), ("a\0b", "'a\\x00b'"), (None, "empty"), ([], "an empty list")]
)
def test_a_path_is_text(job: Write, path: Any, found: str) -> None:
    told = complaint(job(model={"path": path}))
    assert told.splitlines()[0] == f"model.path must be a path, not {found}"


def test_a_text_value_is_shown_on_one_line_and_short(job: Write) -> None:
    told = one_rule(job, "hls", backend="V\n\x1b[31m" + "x" * 500)
    assert told == "hls.backend must be Vitis or Vivado, not " + repr("V\n\x1b[31m" + "x" * 50 + "...")


def test_positions_stay_with_the_config(job: Write) -> None:
    path = job(hls={"part": "xc7z020clg400-1"})
    config = load_config(path)
    assert config.where("hls", "part") == f"{path}:7:9"
    assert config.where("hls", "clock_ns") == f"{path}:6:1"  # a default: its section
    assert config.where("budget", "latency_us") == f"{path}:1:1"


def test_digest_fields_follow_contents_not_places(job: Write, tmp_path: Path) -> None:
    first = load_config(job(project="p")).digest_fields()
    canonical_json(first)
    (tmp_path / "moved.keras").write_bytes((tmp_path / "model.keras").read_bytes())
    moved = load_config(job(model={"path": "moved.keras"}, project="q", simulation={"jobs": 1})).digest_fields()
    assert moved == first
    (tmp_path / "model.keras").write_bytes(b"PK\x03\x04 other")
    assert load_config(job(project="p")).digest_fields() != first
    assert set(load_config(job()).digest_fields("hls", "name")) == {"hls", "name"}


def test_a_config_is_frozen(job: Write) -> None:
    config = load_config(job())
    with pytest.raises(ValueError, match="frozen"):
        config.name = "other"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_schema_accepts_the_shipped_configs(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), config_schema())


@pytest.mark.parametrize("path", [p for p in SHIPPED if p not in PUBLISHED], ids=lambda path: path.name)
def test_the_shipped_configs_are_valid(path: Path) -> None:
    load_config(path)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_configs_of_published_models_are_valid_with_the_model(path: Path, tmp_path: Path) -> None:
    config = tmp_path / path.name
    config.write_bytes(path.read_bytes())
    (tmp_path / "data").symlink_to(path.parent / "data")
    model = Path(yaml.safe_load(path.read_text("utf-8"))["model"]["path"])
    assert model.parent == Path("models/published")
    told = complaint(config)
    assert "model.path must be an existing file, not missing: " in told and "docs/published.md" in told
    if not (PEERS / model.name).is_file():
        pytest.skip("the published model is not here")
    (tmp_path / model.parent).mkdir(parents=True)
    (tmp_path / model).symlink_to(PEERS / model.name)
    assert load_config(config).model.path == (PEERS / model.name).resolve()


def test_there_are_shipped_configs() -> None:
    names = [
        "jet_flavour.yaml",
        "jet_flavour_dataflow.yaml",
        "jet_flavour_float.yaml",
        "jet_flavour_hgq2.yaml",
        "lhc_jets_16.yaml",
        "published_btag.yaml",
    ]
    assert [path.name for path in SHIPPED] == names


def test_the_schema_is_one_and_every_key_is_described() -> None:
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    json.dumps(schema, allow_nan=False)
    for node in (schema, *schema["$defs"].values()):
        for name, key in node["properties"].items():
            assert key.get("description") or "$ref" in key, name


@pytest.mark.parametrize(
    "change",
    [
        {"name": "9"},
        {"name": "short"},
        {"name": "MAX"},
        {"name": "M_PI"},
        {"name": "time"},
        {"name": "div_t"},
        {"hls": {"clock_ns": "5 us"}},
        {"hls": {"part": "a b"}},
        {"x": 1},
        {"gates": 3},
        {"budget": {"latency_us": 0}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(job: Write, change: dict[str, Any]) -> None:
    path = job(**change)
    complaint(path)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), config_schema())


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
sections = st.sampled_from(sorted(Config.model_fields))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(sections, junk | st.dictionaries(sections, junk), max_size=4))
def test_junk_is_accepted_or_told_with_a_place(job: Write, changes: dict[str, Any]) -> None:
    path = job(**changes)
    try:
        load_config(path)
    except ConfigError as error:
        assert all(problem.at is not None and problem.what for problem in error.problems)
        assert [p.at for p in error.problems] == sorted(p.at for p in error.problems if p.at)


def test_an_unreadable_file_named_by_a_config(job: Write, tmp_path: Path) -> None:
    path = job(data={"path": "fifo"})
    os.mkfifo(tmp_path / "fifo")
    assert complaint(path).startswith(f"data.path must be an existing file, not missing: {tmp_path}/fifo\n")
