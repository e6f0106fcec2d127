"""fpga_tf: quantised Keras transformers to FPGA firmware that is proved equal to the model."""

from fpga_tf.errors import FpgaTfError, InternalError, ToolError, UserError

__version__ = "0.1.0"
__all__ = ["FpgaTfError", "InternalError", "ToolError", "UserError", "__version__"]
