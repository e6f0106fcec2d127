"""Models: reading files, quantising float models, evaluating exactly."""

from fpga_tf.models.quantise import QuantisationReport, quantise, quantise_with_report
from fpga_tf.models.read import read_model

__all__ = ["QuantisationReport", "quantise", "quantise_with_report", "read_model"]
