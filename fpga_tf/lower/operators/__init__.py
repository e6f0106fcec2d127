"""One module per operator: Keras layer -> hls4ml nodes with every type stated."""
