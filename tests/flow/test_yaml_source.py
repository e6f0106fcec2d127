"""YAML with positions, and YAML that means harm."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpga_tf.flow.config_errors import ConfigError
from fpga_tf.flow.yaml_source import parse_yaml, read_yaml


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "c.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("010", 10),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-01", "2026-01-01"),
        ("1e-3", 0.001),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("1e999", float("inf")),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("=", "="),
        ("9" * 31, 1e31),
        ("-7", -7),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse_yaml(f"a: {text}", "c.yaml").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    found = parse_yaml("a: .nan", "c.yaml").data["a"]
    assert found != found


def test_positions_of_keys_and_values() -> None:
    source = parse_yaml("a:\n  b: [1,\n    {c: 2}]\n", "c.yaml")
    assert source.data == {"a": {"b": [1, {"c": 2}]}}
    assert source.where(("a", "b", 1, "c")) == "c.yaml:3:9"
    assert source.where(("a", "b", 1, "c"), key=True) == "c.yaml:3:6"
    assert source.where(("a", "b", 0)) == "c.yaml:2:7"
    assert source.where(("a", "x")) == "c.yaml:1:1"
    assert source.where(("a", "b", 1, "x")) == "c.yaml:3:5"
    assert source.where(("zzz",)) == "c.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n\tb: 1", "2:1 indentation must be spaces, not a tab"),
        (
            "a: [1",
            "1:6 a config must be well-formed YAML, not broken (while parsing a flow sequence, expected ',' or ']'",
        ),
        ("a: b: c", "1:5 a config must be well-formed YAML, not broken (mapping values are not allowed here)"),
        ("", "1:1 a config must be a mapping of keys, not empty"),
        ("# only this", "1:1 a config must be a mapping of keys, not empty"),
        ("a: 1\n---\nb: 2", "2:1 a config must be one document, not several"),
        ("a: &x [1]\nb: *x", "2:4 a config must be without aliases, not use *x"),
        ("a: !!python/object:x.y {}", "1:4 a config must be without tags, not use tag:yaml.org,2002:python/object:x.y"),
        ("a: !x 1", "1:4 a config must be without tags, not use !x"),
        ("a: 1\nb: \x01", "2:4 a config must be printable text, not '\\x01'"),
        ("a: " + "[" * 17, "1:19 a config must be nested at most 16 deep, not more"),
        ("a: " + "[" * 30_000, "1:19 a config must be nested at most 16 deep, not more"),
    ],
)
def test_what_is_no_plain_yaml_is_told_with_its_place(text: str, told: str) -> None:
    lines = complaint(text).splitlines()
    assert f"{lines[1].removeprefix('  at   c.yaml:')} {lines[0]}".startswith(told)


def test_hints_for_what_is_no_plain_yaml() -> None:
    assert complaint("a:\n\tb: 1").endswith("\n  hint replace tabs by spaces")
    assert complaint("a: *x").endswith("\n  hint write the value out; text that begins with * goes in quotes")
    assert complaint("a: 1\n---\n").endswith("\n  hint remove the line ---")


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    rows = [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9 if i else ["x"] * 9) + "]" for i in range(30)]
    assert complaint("\n".join(rows)).startswith("a config must be without aliases, not use *a0\n  at   c.yaml:2:10")


def test_keys_given_twice_or_not_text() -> None:
    source = parse_yaml("a: 1\nb: {c: 1, c: 2}\na: 3\n[1]: 2\n? {x: 1}\n: 3\n1: 2\ntrue: 3\n", "c.yaml")
    assert source.data == {"a": 1, "b": {"c": 1}}
    assert [(problem.what, problem.where) for problem in source.problems] == [
        ("key b.c must be given once, not again (first on line 2)", "c.yaml:2:11"),
        ("key a must be given once, not again (first on line 1)", "c.yaml:3:1"),
        ("a key must be text, not a collection", "c.yaml:4:1"),
        ("a key must be text, not a collection", "c.yaml:5:3"),
        ("a key must be text, not 1", "c.yaml:7:1"),
        ("a key must be text, not true", "c.yaml:8:1"),
    ]


def from_file(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    return str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert from_file(tmp_path) == f"a config must be a file, not a folder\n  at   {tmp_path}"
    assert from_file(tmp_path / "x") == f"a config must be a file, not missing\n  at   {tmp_path}/x"
    assert from_file(tmp_path / "fifo") == f"a config must be a file, not a device\n  at   {tmp_path}/fifo"
    assert from_file(Path("/dev/zero")) == "a config must be a file, not a device\n  at   /dev/zero"


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    assert from_file(path) == f"a config must be UTF-8 text, not byte 0xe9\n  at   {path}:2:7"
    path.write_bytes(b"\xff\xfea\0:\0")
    assert from_file(path) == f"a config must be UTF-8 text, not byte 0xff\n  at   {path}:1:1"
    path.write_bytes(b"a: " + b"x" * 70_000)
    assert from_file(path) == f"a config must be at most 64 KiB, not more\n  at   {path}"


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    source = read_yaml(path)
    assert source.data == {"a": 1, "b": 2}
    assert source.where(("b",)) == f"{path}:2:4"


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab:- \n\t[]{},'\"|>&*!%@#?0.~\\\x85\u2028é"), max_size=40) | st.text(max_size=30))
def test_any_text_is_parsed_or_told(text: str) -> None:
    try:
        parse_yaml(text, "c.yaml")
    except ConfigError as error:
        assert error.problems[0].at is not None
