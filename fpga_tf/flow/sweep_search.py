"""A search in place of the grid: Optuna proposes points for a better AUC, a lower latency and fewer LUTs.

Points are proposed eight at a time, whatever evaluates them, and told in the order of their proposal. So a seed gives
the same points on any number of workers, and a search that was killed is repeated from its start out of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from fpga_tf.errors import UserError
from fpga_tf.flow.config import Config
from fpga_tf.flow.sweep_points import Values, grid, meant
from fpga_tf.flow.sweep_pool import check_packages
from fpga_tf.verdict.sweep import Point

TOGETHER = 8  # trials proposed before their results are told
_REPEATED = 20  # trials for each point, at most: good values are proposed again and again, which costs nothing
_DIRECTIONS: tuple[Literal["maximize", "minimize"], ...] = ("maximize", "minimize", "minimize")  # `Point.objectives`


def check_search(config: Config, points: int) -> None:
    """Told before anything is computed.

    Raises:
        UserError: Optuna is missing, or the grid is no larger.
    """
    check_packages("optuna")
    size = len(grid(config))
    if points >= size:
        raise UserError(f"--search must be below the {size} points of the grid, not {points}", hint="leave it out")


def search(
    config: Config, points: int, seed: int, evaluate: Callable[[Sequence[Values]], Mapping[Values, Point]]
) -> list[Values]:
    """Points that a search asks for, each once, in their order.

    Args:
        config: with the axes.
        points: how many, at most; fewer if proposals repeat themselves too often.
        seed: of the sampler.
        evaluate: the points of values.

    """
    import optuna

    assert config.sweep is not None
    axes = config.sweep.axes()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=_DIRECTIONS, sampler=optuna.samplers.TPESampler(seed=seed))
    known: dict[Values, Point] = {}
    for _ in range(_REPEATED * points // TOGETHER + 1):
        trials = [study.ask() for _ in range(TOGETHER)]
        proposed = [meant(config, {n: _suggested(trial, n, values) for n, values in axes.items()}) for trial in trials]
        new = [values for values in dict.fromkeys(proposed) if values not in known]
        known.update(evaluate(new[: points - len(known)]))
        if len(known) == points:
            break
        for trial, values in zip(trials, proposed, strict=True):
            _tell(study, trial, known[values])
    return list(known)


def _suggested(trial: Any, name: str, values: Sequence[Any]) -> Any:
    """A value of an axis; its position if they are numbers in order, so that neighbours are known as such."""
    if len(values) > 1 and not isinstance(values[0], str) and list(values) == sorted(values):
        return values[trial.suggest_int(name, 0, len(values) - 1)]
    return trial.suggest_categorical(name, list(values))


def _tell(study: Any, trial: Any, point: Point) -> None:
    from optuna.trial import TrialState

    if point.objectives is None:
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, list(map(float, point.objectives)))
