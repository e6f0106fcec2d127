"""The dataflow shape: each node a process that takes and gives rows through FIFOs, its multipliers shared."""
