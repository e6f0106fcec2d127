"""Silence around the import of TensorFlow, and what comes out if it fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from fpga_tf.flow.quiet import quiet_stderr
with quiet_stderr():
    os.write(2, b"native chatter\\n")
    print("python chatter", file=sys.stderr)
    if {fails}:
        raise ValueError("broken import")
print(os.environ["KERAS_BACKEND"], os.environ["CUDA_VISIBLE_DEVICES"], file=sys.stderr)
"""


@pytest.mark.parametrize("fails", [False, True])
def test_chatter_is_held_back_unless_the_body_fails(fails: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(fails=fails)],
        capture_output=True, text=True, check=False, env={"KERAS_BACKEND": "jax"},
    )  # fmt: skip
    if fails:
        assert done.stderr.startswith("native chatter\npython chatter\nTraceback")
    else:
        assert done.stderr == "tensorflow -1\n"
