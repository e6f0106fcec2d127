"""The environment in which TensorFlow and Keras are imported: one back end, the CPU, and no chatter."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from fpga_tf.errors import UserError

_REQUIRED = {
    "KERAS_BACKEND": "tensorflow",  # the tested one; QKeras needs it
    "CUDA_VISIBLE_DEVICES": "-1",  # a GPU's float arithmetic is not the reference
}
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GRPC_VERBOSITY": "ERROR", "GLOG_minloglevel": "3"}


def set_environment() -> None:
    """Set what TensorFlow reads when it is imported. To be called before any import of keras or tensorflow."""
    os.environ.update(_REQUIRED)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)  # a maintainer may ask for more


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what native libraries write to file descriptor 2; an exception brings it out, unless it is a UserError.

    For the import of TensorFlow, whose start-up lines no variable silences.
    """
    set_environment()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        saved = os.dup(2)
        os.dup2(held.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        except UserError:
            failed = False  # what is wrong is told in full
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            if failed:
                held.seek(0)
                os.write(2, held.read())
