"""When the rows of a dataflow design move, and how deep its FIFOs must be."""

from fpga_tf.schedule.depths import check_depths, holds_whole_samples, smallest_depths
from fpga_tf.schedule.engine import Deadlock
from fpga_tf.schedule.timing import Schedule, simulate

__all__ = ["Deadlock", "Schedule", "check_depths", "holds_whole_samples", "simulate", "smallest_depths"]
