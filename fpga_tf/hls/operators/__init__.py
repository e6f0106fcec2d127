"""hls/operators."""
