"""Physics, costs and gates against the limits of a baseline, in decimals as written: a change of the limit passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from fpga_tf.verdict.dataflow import FIFOS
from fpga_tf.verdict.gates import AGREEMENT
from fpga_tf.verdict.regression.baseline import Cost, Costs, Limits, Physics, Stages
from fpga_tf.verdict.regression.positions import Loc
from fpga_tf.verdict.regression.rows import Kind, Outcome, Row
from fpga_tf.verdict.rtl import RTL_AGREEMENT, RTL_CYCLES, RTL_SOURCES

# Gates that say whether the firmware is the model: without them, a baseline's codes mean nothing.
PROOFS = (AGREEMENT, "sources", FIFOS, RTL_AGREEMENT, RTL_CYCLES, RTL_SOURCES)
_DIGITS = 12  # takes the noise of float64 ratios of counts away, and nothing else


def physics_rows(limits: Limits, old: Stages, new: Stages) -> Iterator[Row]:
    """Accuracy and AUCs of every stage; a stage that is there neither then nor now is unknown."""
    for stage in ("float", "quantised", "firmware"):
        was, now = _metrics(getattr(old, stage)), _metrics(getattr(new, stage))
        if not was and not now:
            yield Row("physics", stage, None, None, "unknown", kind="loss", loc=("physics", stage))
        for name in dict.fromkeys([*was, *now]):
            limit = limits.accuracy_loss if name == "accuracy" else limits.auc_loss
            loc: Loc = ("physics", stage, *(("auc", name.removeprefix("AUC ")) if name != "accuracy" else (name,)))
            yield _loss(f"{stage} {name}", was.get(name), now.get(name), limit, loc)


def _metrics(physics: Physics | None) -> dict[str, float | None]:
    if physics is None:
        return {}
    return {"accuracy": physics.accuracy, **{f"AUC {name}": value for name, value in physics.auc.items()}}


def _loss(name: str, old: float | None, new: float | None, limit: float | None, loc: Loc) -> Row:
    if old is None or new is None:
        return _absent("physics", name, old, new, "loss", limit, "", loc)
    loss = round(old - new, _DIGITS)
    if not loss:
        return Row("physics", name, old, new, "same", kind="loss", change=0.0, limit=limit, loc=loc)
    outcome: Outcome = "told" if limit is None else "fail" if Decimal(str(loss)) > Decimal(str(limit)) else "within"
    allowed = "any loss is allowed" if limit is None else f"a loss of {limit:g} is allowed"
    say = f"{name} from {old:.6g} to {new:.6g} ({-loss:+.4g}); {allowed}"
    return Row("physics", name, old, new, outcome, say, "loss", loss, limit, loc=loc)


def cost_rows(limits: Limits, old: Costs, new: Costs) -> Iterator[Row]:
    """Latency, interval, clock and resources. A value of another stage of the tools is another value."""
    for name in Costs.model_fields:
        yield _growth(name, getattr(old, name), getattr(new, name), getattr(limits.growth, name))


def _growth(name: str, old: Cost, new: Cost, limit: float | None) -> Row:
    loc, unit = ("cost", name, "value"), old.unit
    if old.value is None or new.value is None:
        return _absent("cost", name, old.value, new.value, "growth", limit, unit, loc)
    if old.source != new.source:
        say = f"{name} is from {new.source}, was from {old.source}: values of different stages can't be compared"
        source: Loc = ("cost", name, "source")
        return Row("cost", f"{name}, source", old.source, new.source, "fail", say, loc=source)
    was, now = Decimal(str(old.value)), Decimal(str(new.value))
    change = float((now - was) / was) if was else 0.0 if now == was else None
    if now == was:
        outcome: Outcome = "same"
    else:
        most = None if limit is None else was * (1 + Decimal(str(limit)))
        outcome = "told" if most is None else "fail" if now > most else "within"
    row = Row("cost", name, old.value, new.value, outcome, "", "growth", change, limit, unit, loc)
    if outcome == "same":
        return row
    texts = row.cells
    allowed = "any growth is allowed" if limit is None else f"a growth of {limit * 100:g} % is allowed"
    say = f"{name} from {texts[0]} to {texts[1]} ({texts[2]}); {allowed}"
    return Row("cost", name, old.value, new.value, outcome, say, "growth", change, limit, unit, loc)


def _absent(
    group: str, name: str, old: float | None, new: float | None, kind: Kind, limit: float | None, unit: str, loc: Loc
) -> Row:
    """What is not known on one side, or on both: known and lost fails."""
    if old is None:
        say = "" if new is None else f"{name} is known now, it was not"
        outcome: Outcome = "unknown" if new is None else "told"
    else:
        say, outcome = f"{name} is unknown now, it was {old:.6g} {unit}".rstrip(), "fail"
    return Row(group, name, old, new, outcome, say, kind, None, limit, unit, loc)


def gate_rows(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Row]:
    """A gate that passed must pass; one that fails then and now is told, unless it says whether firmware is model."""
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        known = None if now in (None, "unknown") else now
        say = f"gate {name} was {was or 'not there'}, is {now or 'not there'}"
        if now == "fail" and (was != "fail" or name in PROOFS):
            outcome: Outcome = "fail"
        elif was in ("pass", "fail") and known is None:
            outcome = "fail"
        elif was in (None, "unknown") and known is None:
            outcome, say = ("unknown", "")
        elif now == was == "pass":
            outcome, say = "same", ""
        else:
            outcome = "told"
        yield Row("gates", name, was, now, outcome, say, loc=("gates", name))
