"""Does the firmware do the physics? Accuracy, AUC and background rejection of one set of scores.

Fixed-point scores tie often, so every number here is exact under ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError

Scores = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]

# Signal efficiencies at which the background rejection is stated.
EFFICIENCIES = ("0.5", "0.7")


@dataclass(frozen=True, slots=True)
class WorkingPoint:
    """One signal efficiency against one background.

    Attributes:
        efficiency: share of signal above the threshold; ties can put it above the one asked for.
        rejection: background samples per background sample that passes; None if unknown or none passes.
        lower_bound: number of background samples if none passes: a single one passing would give this rejection.
    """

    efficiency: float | None = None
    rejection: float | None = None
    lower_bound: float | None = None


@dataclass(frozen=True, slots=True)
class Physics:
    """What one stage (float, quantised or C-simulated) achieves.

    Attributes:
        n: number of samples.
        accuracy: share of samples whose highest score is the true class's; None without samples.
        auc: one-vs-rest area under the ROC curve by class; None where a class or its complement is absent.
        signal: the class that backgrounds are rejected against.
        working_points: by background class, then by signal efficiency as written in `EFFICIENCIES`.
    """

    n: int
    accuracy: float | None
    auc: Mapping[str, float | None]
    signal: str
    working_points: Mapping[str, Mapping[str, WorkingPoint]]

    @property
    def rejection(self) -> dict[str, dict[str, float | None]]:
        """Background rejection by background class, then by signal efficiency."""
        return self._points("rejection")

    def to_json(self) -> dict[str, Any]:
        """As JSON values; unknown is null, and so is a rejection that has only a lower bound."""
        return {
            "accuracy": self.accuracy,
            "auc": dict(self.auc),
            "rejection": self.rejection,
            "rejection_lower_bound": self._points("lower_bound"),
            "efficiency": self._points("efficiency"),
            "signal": self.signal,
            "n": self.n,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Physics:
        """What `to_json` gave, as Physics again."""
        keys = ("efficiency", "rejection", "rejection_lower_bound")
        points = {
            background: {level: WorkingPoint(*(value[key][background][level] for key in keys)) for level in levels}
            for background, levels in value["rejection"].items()
        }
        return cls(value["n"], value["accuracy"], dict(value["auc"]), value["signal"], points)

    def _points(self, attribute: str) -> dict[str, dict[str, float | None]]:
        return {
            background: {efficiency: getattr(point, attribute) for efficiency, point in points.items()}
            for background, points in self.working_points.items()
        }


def physics(
    scores: Scores,
    labels: Labels,
    classes: Sequence[str],
    signal: str,
    *,
    logits: bool,
    efficiencies: Sequence[str] = EFFICIENCIES,
) -> Physics:
    """Evaluate a classifier's outputs.

    Args:
        scores: shape (n, classes); a row's highest score is its class, the first one where several are highest.
        labels: shape (n,), index of the true class.
        classes: names of the columns.
        signal: the class whose efficiency is fixed for the background rejection.
        logits: whether scores are logits (any sign) instead of probabilities (not negative, of any sum).
            A class is ranked by its probability, or by its log-odds log(p / (1 - p)), which rank alike but don't
            saturate. Signal against background is p_s / (p_s + p_b), or the difference of the logits.
        efficiencies: signal efficiencies as decimal fractions.

    Raises:
        UserError: shapes, labels, classes or scores that do not fit together; scores that are not finite.
    """
    scores = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(labels)
    _check(scores, labels, classes, signal, logits)
    correct = int(np.count_nonzero(np.argmax(scores, axis=1) == labels)) if len(scores) else 0
    return Physics(
        n=len(scores),
        accuracy=correct / len(scores) if len(scores) else None,
        auc={name: auc(one_against_rest(scores, i, logits), labels == i) for i, name in enumerate(classes)},
        signal=signal,
        working_points=_working_points(scores, labels, classes, classes.index(signal), logits, efficiencies),
    )


def _working_points(
    scores: Scores, labels: Labels, classes: Sequence[str], signal: int, logits: bool, efficiencies: Sequence[str]
) -> dict[str, dict[str, WorkingPoint]]:
    points = {}
    for background, name in enumerate(classes):
        if background != signal:
            score = likeness(scores, signal, background, logits)
            kinds = labels == signal, labels == background
            points[name] = {efficiency: working_point(score, *kinds, efficiency) for efficiency in efficiencies}
    return points


def auc(score: Scores, positive: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve: the share of (positive, negative) pairs ranked right, a tie counting half.

    Mann and Whitney's U from mid-ranks. (H. B. Mann, D. R. Whitney, Ann. Math. Statist. 18 (1947) 50.)

    Args:
        score: shape (n,).
        positive: shape (n,).

    Returns:
        The area, or None if one of the two kinds is absent.
    """
    positives = int(np.count_nonzero(positive))
    negatives = len(score) - positives
    if positives == 0 or negatives == 0:
        return None
    _, group, count = np.unique(score, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    # twice the mid-rank of a group of ties: first rank plus last rank, an integer
    twice_rank = 2 * last - count + 1
    twice_sum = int(twice_rank[group.reshape(-1)][positive].sum())
    return (twice_sum - positives * (positives + 1)) / (2 * positives * negatives)


def top_class_changes(a: Scores, b: Scores) -> float | None:
    """Share of samples whose highest score changes class from a to b, both of shape (n, classes); None if n is 0."""
    if a.shape != b.shape or a.ndim != 2:
        raise UserError(f"scores of two stages must have one shape (n, classes), not {a.shape} and {b.shape}")
    return float(np.mean(np.argmax(a, axis=1) != np.argmax(b, axis=1))) if len(a) else None


def _check(scores: Scores, labels: Labels, classes: Sequence[str], signal: str, logits: bool) -> None:
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise UserError(f"classes must be two or more different names, not {list(classes)}")
    if signal not in classes:
        raise UserError(f"the signal class must be one of {', '.join(classes)}, not {signal!r}")
    if scores.ndim != 2 or scores.shape[1] != len(classes):
        raise UserError(f"scores must have one column for each of {len(classes)} classes, not the shape {scores.shape}")
    if labels.shape != scores.shape[:1] or labels.dtype.kind not in "iu":
        raise UserError(f"labels must be {len(scores)} integers, not {labels.dtype} of the shape {labels.shape}")
    outside = labels[(labels < 0) | (labels >= len(classes))]
    if outside.size:
        raise UserError(f"labels must be between 0 and {len(classes) - 1}, not {int(outside[0])}")
    if not np.isfinite(scores).all():
        row = int(np.flatnonzero(~np.isfinite(scores).all(axis=1))[0])
        raise UserError("scores must be finite, not NaN or infinite", where=f"sample {row}")
    if not logits and (scores < 0).any():
        row = int(np.flatnonzero((scores < 0).any(axis=1))[0])
        raise UserError(
            "probabilities must not be negative", where=f"sample {row}", hint="say that the model's outputs are logits"
        )


def one_against_rest(scores: Scores, column: int, logits: bool) -> Scores:
    """What a class is ranked by: its probability, or the log-odds of it."""
    if not logits:
        return scores[:, column]
    others = np.delete(scores, column, axis=1)
    highest = others.max(axis=1, initial=-np.inf)
    # sorted, so that the sum does not depend on the order of the other classes, and equal rows tie
    terms = np.sort(np.exp(others - highest[:, None]), axis=1)
    return np.asarray((scores[:, column] - highest) - np.log(terms.sum(axis=1)), dtype=np.float64)


def likeness(scores: Scores, signal: int, background: int, logits: bool) -> Scores:
    """Signal against one background. Where both probabilities are 0 nothing is known, so it is one half."""
    if logits:
        return np.asarray(scores[:, signal] - scores[:, background])
    both = scores[:, signal] + scores[:, background]
    return np.divide(scores[:, signal], both, out=np.full_like(both, 0.5), where=both > 0)


def working_point(
    score: Scores, is_signal: NDArray[np.bool_], is_background: NDArray[np.bool_], efficiency: str
) -> WorkingPoint:
    """Cut at the largest threshold that keeps at least this share of the signal (score >= threshold)."""
    signal, background = np.sort(score[is_signal]), score[is_background]
    if signal.size == 0 or background.size == 0:
        return WorkingPoint()
    # the decimal as a fraction: 0.7 * 10 in binary could ask for an eighth sample
    kept = max(ceil(Fraction(efficiency) * signal.size), 1)
    threshold = signal[signal.size - kept]
    passing = int(np.count_nonzero(background >= threshold))
    return WorkingPoint(
        efficiency=int(np.count_nonzero(signal >= threshold)) / signal.size,
        rejection=background.size / passing if passing else None,
        lower_bound=None if passing else float(background.size),
    )
