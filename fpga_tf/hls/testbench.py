"""hls4ml's testbench, with what it lacks: exact numbers, and names that no model can take from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from fpga_tf.errors import InternalError


def exact_testbench(text: str, top: str, inputs: Sequence[str]) -> str:
    """The testbench with doubles read, all digits printed, layers not traced, and own names for the inputs.

    Of a model with several outputs hls4ml shows the first numbers of the line as the prediction of each of them. float
    holds 24 bits, six digits about 20; a traced co-simulation writes every layer of every sample. An input or a top
    function may be called as a variable of the testbench (``in``, ``pr``, ``i`` …).

    Args:
        text: as hls4ml 1.3 writes it.
        top: top function.
        inputs: its inputs' variables.

    Raises:
        InternalError: the text is otherwise.
    """
    ports = [f"@{i}@" for i in range(len(inputs))]  # no name, until all names are replaced
    for name, port in zip(inputs, ports, strict=True):
        text = _replace(text, rf'^( *(?:hls::stream<\w+>|\w+) ){name}(?=\[|\("{name}"\);)', rf"\g<1>{port}", 2)
        text = _replace(text, rf"(copy_data<[^()]*>\(in, ){name}\)", rf"\g<1>{port})", 1)
        text = _replace(text, rf"(fill_zero<[^()]*>\(){name}\)", rf"\g<1>{port})", 1)
    text = _replace(text, rf"^( *){top}\({','.join(inputs)},", rf"\g<1>::{top}({','.join(ports)},", 2)
    text = re.sub(r"@(\d+)@", r"tb_port\1", text)
    text = _replace(text, "trace_enabled = true", "trace_enabled = false", 1)
    text = _replace(text, "std::vector<float> ", "std::vector<double> ", 2)
    text = _replace(text, "copy_data<float, ", "copy_data<double, ", len(inputs))
    text = _own_predictions(text)
    results = "std::ofstream fout(RESULTS_LOG);"
    return _replace(text, re.escape(results), f"{results}\n    fout.precision(17);", 1)


def _own_predictions(text: str) -> str:
    """Each output's prediction from where its numbers begin in the line of the sample."""
    begin = 0

    def own(found: re.Match[str]) -> str:
        nonlocal begin
        index, begin = f"{begin} + i" if begin else "i", begin + prod(map(int, found[2].split("*")))
        return f"{found[1]}pr[{index}]"

    text, count = re.subn(r"(for\(int i = 0; i < ([\d*]+); i\+\+\) \{\n *std::cout << )pr\[i\]", own, text)
    if not count:
        raise InternalError("hls4ml's testbench must show predictions")
    return text


def _replace(text: str, pattern: str, new: str, count: int) -> str:
    text, found = re.subn(pattern, new, text, flags=re.MULTILINE)
    if found != count:
        raise InternalError(f"hls4ml's testbench must hold {pattern!r} {count} times, not {found}")
    return text
