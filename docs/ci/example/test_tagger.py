"""The tagger is what it was when its baseline was recorded."""

from fpga_tf.pytest import Regression


def test_tagger(fpga_tf_regression: Regression) -> None:
    fpga_tf_regression("tagger.yaml", "tagger.baseline.json")
