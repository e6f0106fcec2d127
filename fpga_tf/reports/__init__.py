"""Readers of tool reports: one module per format, one type that all of them give.

Reading a report imports neither Keras nor hls4ml.
"""

from fpga_tf.reports.csynth_xml import read_csynth_xml
from fpga_tf.reports.project import find_csynth, project_report
from fpga_tf.reports.types import RESOURCES, Clock, Interval, Latency, Resource, SynthesisReport

__all__ = [
    "RESOURCES",
    "Clock",
    "Interval",
    "Latency",
    "Resource",
    "SynthesisReport",
    "find_csynth",
    "project_report",
    "read_csynth_xml",
]
