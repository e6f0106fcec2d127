"""Reports that chance has damaged: each is read right or refused, and nothing crashes a reader or keeps it busy."""

from __future__ import annotations

import codecs
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpga_tf.errors import InternalError, UserError
from fpga_tf.reports.read import READERS, read_source
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Clock, Latency, Resource, SynthesisReport

from .fuzz import Seed, judge, mutant, read_mutant, seeds
from .fuzz_oracle import false_values, insane_values

COUNT = 3000
SEED = 20_250_301


@cache
def files() -> tuple[Seed, ...]:
    """The fixtures, read once."""
    return tuple(seeds())


def test_mutants_are_read_right_or_refused() -> None:
    kinds: Counter[str] = Counter()
    for number in range(COUNT):
        made = mutant(files(), SEED, number)
        outcome = read_mutant(made)
        assert not outcome.problems, f"{made}: {outcome.kind}: {outcome.problems[:3]}"
        kinds[outcome.kind] += 1
    assert kinds["read"] > COUNT / 10, "most mutants are refused, but what is read must be tried as well"
    assert kinds["refused"] > COUNT / 10


def test_a_number_tells_the_same_mutant_again() -> None:
    first, again, other = (mutant(files(), seed, 7).data for seed in (1, 1, 2))
    assert first == again != other


def test_every_format_has_a_fixture_that_is_read() -> None:
    assert {reader.format for reader in READERS} <= {file.format for file in files()}


# As editors, mail and shells write a file anew.
ANEW: dict[str, Callable[[bytes], bytes]] = {
    "line ends of Windows": lambda data: data.replace(b"\n", b"\r\n"),
    "a mark": lambda data: codecs.BOM_UTF8 + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "empty lines behind it": lambda data: data + b"\n\n",
    "no line end behind it": lambda data: data.rstrip(b"\n"),
    "no blanks at ends of lines": lambda data: b"\n".join(line.rstrip() for line in data.split(b"\n")),
}


@pytest.mark.parametrize("how", ANEW)
def test_a_file_that_is_written_anew_says_the_same(how: str) -> None:
    for file in files():
        if file.truths and b"\r" not in file.data:
            again = read_source(Source("mutant", ANEW[how](file.data)))
            assert again == file.truths[0], file.path.name


def report(**values: Any) -> SynthesisReport:
    return SynthesisReport(path="mutant", format=READERS[0].format, stage="csynth", **values)


def test_the_judge_sees_false_numbers() -> None:
    softmax = report(top="softmax", kind="module", instance="softmax_U0", latency_cycles=Latency(3, None, 4))
    dense = report(top="dense", kind="module", instance="dense_U0", latency_cycles=Latency(5, None, 6))
    truth = report(top="tagger", clock_ns=Clock(target=4.0), modules=(softmax, dense))
    assert false_values(truth, truth) == []
    assert false_values(report(top="tagger", modules=(dense,)), truth) == [], "less is not false"
    assert false_values(report(top="tagger", clock_ns=Clock(target=4.5)), truth) == [
        "design: clock_ns.target 4.5, not 4.0"
    ]
    assert false_values(report(top="tagger", clock_ns=Clock(estimated=4.0)), truth), "a value that the file has not"
    assert false_values(report(modules=(dense, dense, softmax)), truth) == [
        "module dense_U0 of dense: 2 times in design"
    ]
    swapped = replace(dense, latency_cycles=softmax.latency_cycles)
    assert false_values(report(modules=(swapped,)), truth)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"latency_cycles": Latency(5, 4, 6)}, "not in order"),
        ({"resources": {"LUT": Resource(-1)}}, "is negative"),
        ({"resources": {}}, "resources []"),
        ({"clock_ns": Clock(target=math.inf)}, "is no count"),
        ({"clock_ns": Clock(target=4)}, "no decimal number"),
        ({"clock_ns": Clock(estimated=-4.0)}, "is negative"),
        ({"transactions": 1.5}, "is no count"),
        ({"top": "two\nlines"}, "is not one line"),
    ],
)
def test_the_judge_sees_what_cannot_be(values: dict[str, Any], what: str) -> None:
    assert insane_values(report(), "mutant", [READERS[0].format]) == []
    assert what in " ".join(insane_values(report(**values), "mutant", [READERS[0].format]))


@pytest.mark.parametrize(
    "error", [RecursionError("deep"), KeyError("x"), InternalError("broken"), UserError("x" * 9999)]
)
def test_the_judge_sees_errors_that_are_no_answer(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def read(source: Source) -> SynthesisReport:
        raise error

    monkeypatch.setattr("tests.reports.fuzz.read_source", read)
    assert judge(b"x").problems


def test_the_judge_stops_a_reader_that_does_not_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(source: Source) -> SynthesisReport:
        while True:
            pass

    monkeypatch.setattr("tests.reports.fuzz.read_source", read)
    monkeypatch.setattr("tests.reports.fuzz._STOP_SECONDS", 0.2)
    assert judge(b"x").kind == "crashed"


def test_the_judge_sees_a_reader_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(source: Source) -> SynthesisReport:
        start = time.process_time()
        while time.process_time() < start + 0.02:
            pass
        raise UserError("slow")

    monkeypatch.setattr("tests.reports.fuzz.read_source", read)
    assert judge(b"x").kind == "refused"
    monkeypatch.setattr("tests.reports.fuzz._QUICK_SECONDS", 0.0)
    monkeypatch.setattr("tests.reports.fuzz.SLOW_UNITS", 0.1)
    assert judge(b"x").kind == "slow"


CELLS = st.one_of(st.integers().map(str), st.floats().map(str), st.sampled_from(["?", "-", "~0", "1,024", "", "NA"]))


@cache
def words() -> list[str]:
    """Words that readers may look for."""
    texts = [file.data.decode(errors="replace") for file in files()]
    return sorted({word for text in texts for word in text.split() if len(word) < 30})


@cache
def titles() -> list[str]:
    """Lines that tell readers which format a file has."""
    return sorted({line for file in files() for line in file.data.decode(errors="replace").split("\n")[:12]})


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Titles of fixtures above a table of any columns."""
    head = draw(st.lists(st.sampled_from(titles()), max_size=8))
    width = draw(st.integers(1, 8))
    cells = st.lists(st.one_of(st.sampled_from(words()), CELLS), min_size=width, max_size=width)
    rule = "+" + ("-" * 10 + "+") * width
    lines = ["|" + "|".join(f"{cell:^10.10}" for cell in row) + "|" for row in draw(st.lists(cells, max_size=6))]
    lines.insert(draw(st.integers(0, len(lines))), rule)
    return "\n".join([*head, rule, *lines, rule, ""])


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Words of fixtures and any others."""
    line = st.lists(st.one_of(st.sampled_from(words()), st.text(max_size=8)), max_size=8).map(" ".join)
    return "\n".join(draw(st.lists(line, max_size=30)))


@settings(max_examples=300)
@given(st.one_of(texts(), tables()))
def test_texts_and_tables_of_any_kind_are_answered(text: str) -> None:
    assert not judge(text.encode(errors="surrogatepass")).problems


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_answered(data: bytes) -> None:
    assert not judge(data).problems


@settings(max_examples=300)
@given(st.data())
def test_a_piece_of_a_file_put_into_another_is_answered(data: st.DataObject) -> None:
    one, other = (data.draw(st.sampled_from(files())).data for _ in range(2))
    begin, end = (data.draw(st.integers(0, len(one))) for _ in range(2))
    place = data.draw(st.integers(0, len(other)))
    assert not judge(other[:place] + one[begin:end] + other[place:]).problems
