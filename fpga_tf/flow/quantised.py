"""What the sections `quantise` and `requantise` make of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError
from fpga_tf.flow.config import Config
from fpga_tf.flow.config_sections import QuantiseConfig, RequantiseConfig
from fpga_tf.jets.untrusted import numbers, opened
from fpga_tf.models.plan import OneFormat
from fpga_tf.models.quantise import quantise_to, quantise_with_report
from fpga_tf.models.requantise import requantised as with_widths


def quantised(config: Config, section: QuantiseConfig, model: Any) -> tuple[Any, list[str]]:
    """The quantised model of a float one, and notes.

    Raises:
        UserError: as `fpga_tf.models.quantise`, or the calibration data.
    """
    calibration = _calibration(config)
    one = _one_format(section)
    if one is not None:
        found, more = quantise_to(model, calibration, one)
        return found, [f"quantised after training: {_told(one)}", *more]
    found, report = quantise_with_report(
        model,
        calibration,
        weight_bits=section.weight_bits,
        activation_bits=section.activation_bits,
        headroom_bits=section.headroom_bits,
        max_samples=section.max_samples,
    )
    used = min(section.max_samples, len(calibration))
    note = f"quantised after training: {len(report.tensors)} tensors given formats from {used} calibration jets"
    return found, [note, *report.notes]


def requantised(section: RequantiseConfig, model: Any) -> tuple[Any, list[str]]:
    """A quantised model with other widths, and a note.

    Raises:
        UserError: as `fpga_tf.models.requantise`.
    """
    one = _one_format(section)
    assert one is not None
    return with_widths(model, one), [f"quantised anew: {_told(one)}"]


def _one_format(section: QuantiseConfig | RequantiseConfig) -> OneFormat | None:
    integer, fraction, weights = section.integer_bits, section.fraction_bits, section.weight_fraction_bits
    return None if integer is None or fraction is None else OneFormat(integer, fraction, weights or fraction)


def _told(one: OneFormat) -> str:
    return f"every tensor to {one.tensor(signed=True)}, every weight to {one.weight}"


def _calibration(config: Config) -> NDArray[np.float32]:
    data = config.data
    if data is None:
        raise InternalError("a configuration with quantise must have data")
    with opened(data.path) as file:
        return numbers(file, data.calibration_x, where=f"{data.path}:{data.calibration_x}")
