"""What HGQ2 keeps beside its weights: how fast a quantiser gives up bits in training may be infinite, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.models.read import read_model
from tests.models.builders import data, saved

pytestmark = pytest.mark.hgq2


def model_with(name: str, value: float) -> Any:
    """A small model of which the first variable of a name is set to one value everywhere."""
    from hgq.layers import QDense, QMultiHeadAttention

    x = keras.Input((3, 2), name="x")
    y = QDense(2, name="embed")(x)
    model = keras.Model(x, QMultiHeadAttention(1, 2, name="attention")(y, y))
    variable = next(v for v in model.weights if v.path.rpartition("/")[2] == name)
    variable.assign(np.full(variable.shape, value))
    return model


def test_infinite_decay_is_no_weight(tmp_path: Path) -> None:
    model = model_with("i_decay_speed", np.inf)
    found = read_model(saved(model, tmp_path / "model.keras"))
    speeds = [float(v) for v in found.weights if v.path.endswith("/i_decay_speed")]
    assert np.inf in speeds and len(speeds) > 3
    np.testing.assert_array_equal(found(data(model, 9)), model(data(model, 9)))


@pytest.mark.parametrize(
    ("name", "value"),
    [("i_decay_speed", np.nan), ("i_decay_speed", -np.inf), ("kernel", np.inf), ("i", np.inf), ("b", np.nan)],
)
def test_everything_else_is_finite(name: str, value: float, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"weights must be finite, not {value}") as caught:
        read_model(saved(model_with(name, value), tmp_path / "model.keras"))
    assert caught.value.where is not None
    assert caught.value.where.startswith("layer 'embed', variable ")
    assert caught.value.where.endswith(f"/{name}")


def test_a_weight_of_that_name_elsewhere_is_finite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the class that has it, not by its name alone."""
    import fpga_tf.models.read as read

    monkeypatch.setattr(read, "_QUANTISERS", "another.module")
    with pytest.raises(UserError, match="weights must be finite, not inf"):
        read_model(saved(model_with("i_decay_speed", np.inf), tmp_path / "model.keras"))
