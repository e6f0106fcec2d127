"""Readers of tool reports: one module per format, one type that all of them give.

Reading a report imports neither Keras nor hls4ml.
"""

from fpga_tf.reports.combine import combine
from fpga_tf.reports.csynth_xml import read_csynth_xml
from fpga_tf.reports.design import Design
from fpga_tf.reports.project import project_design, project_designs
from fpga_tf.reports.read import read_report
from fpga_tf.reports.types import RESOURCES, Clock, Interval, Latency, Resource, SynthesisReport

__all__ = [
    "RESOURCES",
    "Clock",
    "Design",
    "Interval",
    "Latency",
    "Resource",
    "SynthesisReport",
    "combine",
    "project_design",
    "project_designs",
    "read_csynth_xml",
    "read_report",
]
