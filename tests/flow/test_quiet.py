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
    {body}
print(os.environ["KERAS_BACKEND"], os.environ["CUDA_VISIBLE_DEVICES"], file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("pass", "tensorflow -1\n"),
        ("raise ValueError('broken import')", "native chatter\npython chatter\nTraceback"),
        ("from fpga_tf.errors import UserError; raise UserError('a model must be whole')", "Traceback"),
    ],
)
def test_chatter_is_held_back_unless_the_body_fails(body: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        capture_output=True, text=True, check=False, env={"KERAS_BACKEND": "jax"},
    )  # fmt: skip
    assert done.stderr.startswith(told)
    assert ("chatter" in done.stderr) == (told[:6] == "native")
