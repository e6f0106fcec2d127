"""The three questions, answered: is the firmware the model, is it fast enough, does it fit?

`agreement` compares codes, `physics` evaluates scores, `budget` judges a report, `gates` and `verdict` make one answer
of it, `show` prints it. Nothing here imports Keras, TensorFlow or hls4ml.
"""
