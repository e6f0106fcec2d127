"""All hardware shapes of a model side by side, each estimated; nothing is generated."""

from __future__ import annotations

from fpga_tf.flow.check import frontend_of
from fpga_tf.flow.choose import taken
from fpga_tf.flow.config import Config
from fpga_tf.flow.environment import check_environment
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.quiet import quiet_stderr
from fpga_tf.verdict.shapes import ShapeRow


def estimate_shapes(config: Config, progress: Progress) -> tuple[ShapeRow, ...]:
    """Estimate a configuration's model in every shape that `hls.shape: auto` considers, in its order of preference.

    Raises:
        UserError: the configuration or the model.
    """
    progress.plan(2)
    with progress.step("read the model") as step:
        frontend = frontend_of(config)
        check_environment(frontend)
        step.say("importing TensorFlow")
        with quiet_stderr():
            from fpga_tf.flow import model_shapes, models
        loaded = models.load(config, frontend)
        step.say("")
    with progress.step("estimate all shapes"):
        found = model_shapes.all_shapes(config, loaded)
    chosen = taken(found)
    return tuple(ShapeRow(one.label, one.report, one.result, one.missed, one is chosen) for one in found)
