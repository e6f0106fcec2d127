"""From Keras layers to exact arithmetic: nodes with every format stated, for whatever face computes them.

A node is a description in hls4ml's words (class name, tensors, attributes); nothing here imports hls4ml.
"""
