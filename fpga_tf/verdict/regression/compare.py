"""Holds what is now against a baseline: formats and codes must be equal; the first layer that moved is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.verdict.regression.asked import configuration_rows
from fpga_tf.verdict.regression.baseline import Baseline, InputSet, Port
from fpga_tf.verdict.regression.bounds import cost_rows, gate_rows, physics_rows
from fpga_tf.verdict.regression.positions import Loc, line_at
from fpga_tf.verdict.regression.rows import Outcome, Regression, Replayed, Row, Since

Codes = NDArray[np.int64]
_DIGITS = 12  # of a digest that are shown


def compare(
    old: Baseline, new: Baseline, again: Sequence[Mapping[str, Codes]] | None, path: str, lines: Mapping[Loc, int]
) -> Regression:
    """All guarded values, then and now.

    Args:
        old: the baseline, whose limits count.
        new: what a run gives now.
        again: outputs by port of the baseline's own samples, run now; None if their inputs do not fit the model.
        path, lines: of the baseline's file.

    Raises:
        UserError: a sample's outputs in the baseline are not codes of its ports.
    """
    since = first_moved(old, new)
    replayed = None if again is None else _replayed(old, again, path, lines)
    rows = [
        *_made_for(old, new),
        *configuration_rows(old.configuration, new.configuration),
        *_formats(old, new),
        _layers(old, new, since),
        *_sets(old, new),
        *_samples(old, replayed),
        *physics_rows(old.limits, old.physics, new.physics),
        *cost_rows(old.limits, old.cost, new.cost),
        *gate_rows(old.gates, new.gates),
        *_versions(old, new),
    ]
    return Regression(new.made_for.name, path, tuple(rows), since, replayed, dict(lines))


def first_moved(old: Baseline, new: Baseline) -> Since | None:
    """The first layer, in the order of the firmware, that is not as it was: its name, its format, or its codes."""
    comparable = old.traced == new.traced
    for number, layer in enumerate(new.layers, 1):
        was = old.layers[number - 1] if number <= len(old.layers) else None
        if was is None or was.name != layer.name:
            return Since(layer.name, "layers", number, len(new.layers))
        if (was.format, was.shape) != (layer.format, layer.shape):
            detail = (
                f": from {short(was.format)} to {short(layer.format)}" if was.format != layer.format else ": its shape"
            )
            return Since(layer.name, "format", number, len(new.layers), detail)
        if comparable and was.codes != layer.codes:
            return Since(layer.name, "codes", number, len(new.layers))
    if len(old.layers) > len(new.layers):
        return Since(old.layers[len(new.layers)].name, "layers", len(new.layers) + 1, len(old.layers))
    return None


def _made_for(old: Baseline, new: Baseline) -> Iterator[Row]:
    was, now = old.made_for.model_dump(), new.made_for.model_dump()
    for name, value in was.items():
        same = value == now[name]
        texts = _listed(value), _listed(now[name])
        say = "" if same else f"{name} from {_or_none(texts[0])} to {_or_none(texts[1])}"
        unit = "ns" if name.endswith("_ns") else ""
        loc = ("made_for", name)
        yield Row("made_for", name, *texts, "same" if same else "fail", say, unit=unit, loc=loc)


def _listed(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, tuple) else value


def _or_none(value: object) -> object:
    return "none" if value is None else value


def _formats(old: Baseline, new: Baseline) -> Iterator[Row]:
    """Of every input, output and layer: type, shape, and whether it is there; then whether they are in order."""
    for kind, part in (("input", "inputs"), ("output", "outputs"), ("layer", "layers")):
        was: Sequence[Port] = getattr(old, part)
        now: Sequence[Port] = getattr(new, part)
        indices = {port.name: index for index, port in enumerate(was)}
        present = {port.name: port for port in now}
        for name in dict.fromkeys([*indices, *present]):
            index = indices.get(name)
            before = None if index is None else was[index]
            yield from _port(f"{kind} {name}", before, present.get(name), (part, index if index is not None else 0))
        orders = [
            [port.name for port in ports if port.name in indices and port.name in present] for ports in (was, now)
        ]
        if orders[0] != orders[1]:
            say = f"the order of the {part} is another one"
            yield Row("formats", f"order of {part}", " ".join(orders[0]), " ".join(orders[1]), "fail", say, loc=(part,))


def _port(name: str, was: Port | None, now: Port | None, loc: Loc) -> Iterator[Row]:
    if was is None or now is None:
        say = f"{name} is new" if was is None else f"{name} is gone"
        types = None if was is None else short(was.format), None if now is None else short(now.format)
        yield Row("formats", name, *types, "fail", say, loc=loc)
        return
    same = was.format == now.format
    say = "" if same else f"format of {name} from {short(was.format)} to {short(now.format)}"
    outcome: Outcome = "same" if same else "fail"
    yield Row("formats", name, short(was.format), short(now.format), outcome, say, loc=(*loc, "format"))
    if was.shape != now.shape:
        say = f"shape of {name} from {was.shape} to {now.shape}"
        yield Row("formats", f"{name}, shape", was.shape, now.shape, "fail", say, loc=(*loc, "shape"))


def short(format_: str) -> str:
    """A type as one writes it by hand: `ap_fixed<6,3,RND_CONV,SAT>`."""
    return format_.removesuffix(",0>").removesuffix(">").replace("AP_", "") + ">"


def _sets(old: Baseline, new: Baseline) -> Iterator[Row]:
    """Inputs of every set, and outputs where the inputs are the same."""
    for name in dict.fromkeys([*old.sets, *new.sets]):
        was, now = old.sets.get(name), new.sets.get(name)
        inputs = _given(was), _given(now)
        same = was is not None and now is not None and (was.samples, was.inputs) == (now.samples, now.inputs)
        say = "" if same else f"inputs of set {name} are others: format, data, seed or number of samples"
        yield Row("inputs", name, *inputs, "same" if same else "fail", say, loc=("sets", name))
        outputs = None if was is None else was.outputs[:_DIGITS], None if now is None else now.outputs[:_DIGITS]
        equal = was is not None and now is not None and was.outputs == now.outputs
        outcome: Outcome = "same" if equal else "fail" if same else "told"
        say = "" if equal else f"output codes of set {name} differ" + ("" if same else ", as its inputs do")
        yield Row("codes", name, *outputs, outcome, say, loc=("sets", name, "outputs"))


def _given(one: InputSet | None) -> str | None:
    return None if one is None else f"{one.samples:,} samples, {one.inputs[:_DIGITS]}"


def _layers(old: Baseline, new: Baseline, since: Since | None) -> Row:
    """The codes of all layers as one row: behind the first that moves, the others do so too."""
    texts = _traced(old), _traced(new)
    if since is not None:
        texts = texts[0], f"others from {since.layer} on"
        index = min(since.number, len(old.layers)) - 1
        loc: Loc = ("layers", index) if index >= 0 else ("layers",)
        return Row("codes", "layers", *texts, "fail", str(since), loc=loc)
    if old.traced != new.traced:
        say = "codes of layers can't be compared: the traced inputs are others"
        return Row("codes", "layers", *texts, "told", say, loc=("traced",))
    return Row("codes", "layers", *texts, "same", loc=("layers",))


def _traced(one: Baseline) -> str:
    return f"{len(one.layers)} layers, {one.traced.samples} samples"


def _samples(old: Baseline, replayed: Replayed | None) -> Iterator[Row]:
    count = f"{len(old.samples)} samples"
    if replayed is None:
        say = "the samples in the baseline can't be run: the model has other inputs or outputs"
        yield Row("codes", "samples", count, None, "told", say, loc=("samples",))
        return
    if not old.samples:
        yield Row("codes", "samples", None, None, "unknown", loc=("samples",))
        return
    bad = replayed.differing
    say = str(replayed) if bad else ""
    now = f"{bad} differ" if bad else count
    yield Row("codes", "samples", count, now, "fail" if bad else "same", say, loc=("samples",))


def _replayed(old: Baseline, again: Sequence[Mapping[str, Codes]], path: str, lines: Mapping[Loc, int]) -> Replayed:
    differing = outputs = wrong = largest = 0
    for index, (sample, now) in enumerate(zip(old.samples, again, strict=True)):
        where = f"{path}:{line_at(lines, ('samples', index, 'outputs'))}"
        found = [lsb_apart(codes_of(sample.outputs.get(n, ""), codes.size, where), codes) for n, codes in now.items()]
        apart = [lsb for one in found for lsb in one]
        differing += any(apart)
        outputs += len(apart)
        wrong += sum(map(bool, apart))
        largest = max(largest, *apart)
    return Replayed(differing, len(old.samples), wrong, outputs, largest)


def lsb_apart(old: Sequence[int], new: Codes) -> list[int]:
    """Absolute differences of codes, in LSB; in integers of any size."""
    return [abs(a - b) for a, b in zip(old, new.reshape(-1).tolist(), strict=True)]


def codes_of(text: str, size: int, where: str) -> list[int]:
    """Codes in a baseline's text.

    Raises:
        UserError: not so many.
    """
    found = [int(word) for word in text.split()]
    if len(found) != size:
        raise UserError(f"a sample of a baseline must hold {size} codes, not {len(found)}", where=where)
    return found


def _versions(old: Baseline, new: Baseline) -> Iterator[Row]:
    """Told, not judged."""
    model, now = old.model.model_dump(), new.model.model_dump()
    was_text = {f"model {name}": _text(name, value) for name, value in model.items()} | old.versions
    now_text = {f"model {name}": _text(name, value) for name, value in now.items()} | new.versions
    for name in dict.fromkeys([*was_text, *now_text]):
        a, b = was_text.get(name), now_text.get(name)
        say = "" if a == b else f"{name} from {_or_none(a)} to {_or_none(b)}"
        part = name.removeprefix("model ")
        loc: Loc = ("model", part) if name.startswith("model ") else ("versions", name)
        yield Row("versions", name, a, b, "same" if a == b else "told", say, loc=loc)


def _text(name: str, value: str) -> str:
    return value[:_DIGITS] if name == "sha256" else PurePath(value).name
