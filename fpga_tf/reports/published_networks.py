"""Three published transformers as dataflow networks of our shape.

Architectures are those of arXiv 2409.05207, table 1, and of the models that its authors publish
(github.com/uw-acme/transformer-hls4ml): heads, widths and formats are read there. Formats are those of their hls4ml
projects; one of each model is taken, in the middle of what they scan.
"""

from __future__ import annotations

from dataclasses import dataclass

from fpga_tf.process import Channel, Loop, Network, Operation, Process


@dataclass(frozen=True, slots=True)
class Architecture:
    """An encoder with a dense head.

    Attributes:
        name: short.
        rows, features: of the input.
        width: of a row in the blocks; the features are embedded if it differs.
        blocks, heads, dim: of the attention.
        hidden: of the feed-forward part.
        normalised: layer normalisation behind each addition and the embedding.
        summary: a dense to 1 of each row before the head, or none.
        head: widths of the dense layers behind the flattened rows.
        bits, weight_bits, sum_bits: of data, weights and sums.
    """

    name: str
    rows: int
    features: int
    width: int
    blocks: int
    heads: int
    dim: int
    hidden: int
    normalised: bool
    summary: bool
    head: tuple[int, ...]
    bits: int
    weight_bits: int
    sum_bits: int


ENGINE = Architecture("engine", 50, 1, 1, 3, 3, 16, 4, False, False, (32, 16, 2), 13, 9, 22)
B_TAG = Architecture("b-tag", 15, 6, 6, 3, 2, 32, 8, False, False, (32, 16, 8, 3), 17, 11, 26)
GW = Architecture("gravitational waves", 100, 2, 4, 2, 2, 32, 4, True, True, (8, 1), 13, 6, 17)
ARCHITECTURES = (ENGINE, B_TAG, GW)


def bank(inputs: int, outputs: int, reuse: int) -> tuple[int, int, int]:
    """Inputs a step, steps and multipliers of a row times a matrix: up to `inputs` the reuse factor divides them."""
    if reuse <= inputs:
        parallel = -(-inputs // reuse)
        return parallel, -(-inputs // parallel), parallel * outputs
    groups = min(outputs, reuse // inputs)
    return 1, groups * inputs, -(-outputs // groups)


def network(model: Architecture, reuse: int, *, in_turn: bool = False, ahead: bool = False) -> Network:
    """Our shape of a model: a row a token, a process a stage.

    Args:
        model: what to build.
        reuse: factor of every matrix.
        in_turn: the heads share multipliers; else each has its own.
        ahead: FIFOs of a whole sample for keys and values, and of two around an attention, so that a sample can go
            ahead while the one before is still in the attention. Else as deep as no deadlock needs.
    """
    make = _Maker(model, reuse, in_turn)
    x = make.port("input", model.rows, model.features)
    if model.width != model.features:
        x = make.norm("embed/norm", make.dense("embed", x, model.features, model.width))
    for block in range(model.blocks):
        x = make.block(f"block{block}", x)
    width = model.width
    if model.summary:
        x, width = make.dense("summary", x, width, 1), 1
    x = make.whole("head0", x, width, model.head[0])
    for index, (n_in, n_out) in enumerate(zip(model.head, model.head[1:], strict=False), start=1):
        x = make.dense(f"head{index}", x, n_in, n_out, rows=1)
    return make.end(make.soft("probabilities", x, 1, 1, model.head[-1]), ahead=ahead)


class _Maker:
    def __init__(self, model: Architecture, reuse: int, in_turn: bool) -> None:
        self.model, self.reuse, self.in_turn = model, reuse, in_turn
        self.processes: list[Process] = []
        self.rows: dict[str, tuple[int, int, str | None]] = {}  # channel -> rows, bits, source
        self.target: dict[str, str] = {}
        self.deep: set[str] = set()
        self.more: dict[str, int] = {}  # channel -> samples that it holds if they go ahead

    def port(self, name: str, rows: int, values: int) -> str:
        self.rows[name] = (rows, values * self.model.bits, None)
        return name

    def end(self, last: str, *, ahead: bool) -> Network:
        samples = {**dict.fromkeys(self.deep, 1), **(self.more if ahead else {})}
        channels = tuple(
            Channel(name, bits, rows, max(2, rows * samples.get(name, 0)), source, self.target.get(name))
            for name, (rows, bits, source) in self.rows.items()
        )
        assert [c.name for c in channels if c.target is None] == [last]
        return Network(tuple(self.processes), channels)

    def put(
        self, name: str, kind: str, inputs: tuple[str, ...], outputs: list[tuple[str, int, int]], loops: list[Loop],
        stored: int = 0, weights: int = 0, words: int = 0,
    ) -> list[str]:  # fmt: skip
        """A process with outputs of (name, rows, values)."""
        self.processes.append(Process(name, name, kind, tuple(loops), stored, weights, words))
        for one in inputs:
            self.target[one] = name
        for one, rows, values in outputs:
            self.rows[one] = (rows, values * self.model.bits, name)
        return [one for one, _, _ in outputs]

    def fork(self, x: str, copies: int, values: int) -> list[str]:
        rows = self.model.rows
        outputs = [(f"{x}/{index}", rows, values) for index in range(copies)]
        return self.put(
            f"{x}/fork", "fork", (x,), outputs, [Loop(rows, (x,), tuple(o[0] for o in outputs), 1)]
        )  # fmt: skip

    def matrix(self, n_in: int, n_out: int, bits: int, copies: int = 1, constant: bool = True) -> list[Operation]:
        m = self.model
        parallel, steps, multipliers = bank(n_in, n_out, self.reuse)
        more = steps > 1
        return [
            Operation("multiply", copies * multipliers, (m.bits, bits), steps, constant),
            Operation("sum", copies * multipliers // parallel, (m.sum_bits,), parallel + more),
            Operation("round", copies * n_out, (m.bits,)),
        ]

    def dense(self, name: str, x: str, n_in: int, n_out: int, rows: int | None = None) -> str:
        m = self.model
        rows = m.rows if rows is None else rows
        _, steps, multipliers = bank(n_in, n_out, self.reuse)
        loop = Loop(rows, (x,), (name,), steps, tuple(self.matrix(n_in, n_out, m.weight_bits)))
        bits = n_in * n_out * m.weight_bits
        return self.put(name, "dense", (x,), [(name, rows, n_out)], [loop], 0, bits, multipliers)[0]

    def whole(self, name: str, x: str, n_in: int, n_out: int) -> str:
        m = self.model
        _, steps, multipliers = bank(n_in, n_out, self.reuse)
        *bank_path, rounding = self.matrix(n_in, n_out, m.weight_bits)
        path = (
            bank_path[0],
            Operation("sum", bank_path[1].count, (m.sum_bits,), bank_path[1].size + (steps == 1)),
        )
        loops = [Loop(m.rows, (x,), (), steps, path), Loop(1, (), (name,), 1, (rounding,))]
        bits = m.rows * n_in * n_out * m.weight_bits
        return self.put(name, "dense_whole", (x,), [(name, 1, n_out)], loops, n_out * m.sum_bits, bits, multipliers)[0]

    def add(self, name: str, a: str, b: str) -> str:
        m = self.model
        self.deep |= {a, b}
        loop = Loop(m.rows, (a, b), (name,), 1, (Operation("sum", m.width, (m.bits,), 2),))
        return self.put(name, "add", (a, b), [(name, m.rows, m.width)], [loop])[0]

    def norm(self, name: str, x: str) -> str:
        m, n, b = self.model, self.model.width, self.model.bits
        path = (
            Operation("sum", 1, (b,), n), Operation("round", 1, (b,)), Operation("sum", n, (b,), 2),
            Operation("multiply", n, (b, b)), Operation("sum", 1, (m.sum_bits,), n), Operation("round", 1, (b,)),
            Operation("shift", 1, (b,), b), Operation("table", 1, (b,), 256), Operation("shift", 1, (b,), b),
            Operation("multiply", n, (b, b)), Operation("multiply", n, (b, m.weight_bits), 1, True),
            Operation("sum", n, (b,), 2), Operation("round", n, (b,)),
        )  # fmt: skip
        return self.put(name, "layer_norm", (x,), [(name, m.rows, n)], [Loop(m.rows, (x,), (name,), 1, path)])[0]

    def soft(self, name: str, x: str, rows: int, heads: int, n: int) -> str:
        m = self.model
        turns = heads if self.in_turn else 1
        side, b = heads // turns, m.bits
        path = (
            Operation("maximum", side, (b,), n), Operation("table", side * n, (b,), 1024),
            Operation("sum", side, (m.sum_bits,), n), Operation("shift", side, (m.sum_bits,), m.sum_bits),
            Operation("table", side, (b,), 256), Operation("shift", side, (m.sum_bits,), m.sum_bits),
            Operation("multiply", side * n, (b, b)), Operation("round", side * n, (b,)),
        )  # fmt: skip
        loop = Loop(rows, (x,), (name,), turns, path)
        return self.put(name, "softmax", (x,), [(name, rows, heads * n)], [loop])[0]

    def held(self, name: str, held: str, passed: str, n_in: int, n_out: int, outputs: int) -> str:
        """Rows of `held` are read first; then each row of `passed` meets them."""
        m = self.model
        self.deep.add(passed)
        self.more[held] = 1
        turns = m.heads if self.in_turn else 1
        _, steps, multipliers = bank(n_in, n_out, self.reuse)
        choose = [Operation("select", multipliers, (m.bits,), m.heads)] if turns > 1 else []
        path = (*choose, *self.matrix(n_in, n_out, m.bits, m.heads // turns, constant=False))
        loops = [Loop(m.rows, (held,), (), 1), Loop(m.rows, (passed,), (name,), turns * steps, path)]
        stored = m.rows * m.heads * m.dim * m.bits
        return self.put(name, "held", (held, passed), [(name, m.rows, outputs)], loops, stored)[0]

    def block(self, name: str, x: str) -> str:
        m = self.model
        wide = m.heads * m.dim
        *three, around = self.fork(x, 4, m.width)
        self.more[around] = 2
        query, key, value = (
            self.dense(f"{name}/{what}", one, m.width, wide)
            for what, one in zip(("query", "key", "value"), three, strict=True)
        )
        scores = self.held(f"{name}/scores", key, query, m.dim, m.rows, m.heads * m.rows)
        weights = self.soft(f"{name}/attention", scores, m.rows, m.heads, m.rows)
        context = self.held(f"{name}/context", value, weights, m.rows, m.dim, wide)
        attended = self.add(f"{name}/add", self.dense(f"{name}/output", context, wide, m.width), around)
        attended = self.norm(f"{name}/norm", attended) if m.normalised else attended
        inner, around = self.fork(attended, 2, m.width)
        inner = self.dense(f"{name}/hidden", inner, m.width, m.hidden)
        out = self.add(f"{name}/add2", self.dense(f"{name}/outer", inner, m.hidden, m.width), around)
        return self.norm(f"{name}/norm2", out) if m.normalised else out
