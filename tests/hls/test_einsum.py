"""Where the values of an einsum stand, as C++ expressions: evaluated here, and held against numpy."""

from __future__ import annotations

import itertools
from math import prod

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.hls.einsum import axes_of, own

EQUATIONS = {
    "rows": ("ab,bc->ac", (3, 4), (4, 5)),
    "heads come out": ("ab,bcd->acd", (3, 4), (4, 2, 5)),
    "heads go in": ("abc,bcd->ad", (3, 2, 4), (2, 4, 5)),
    "scores": ("abc,dbc->bda", (3, 2, 5), (4, 2, 5)),
    "context": ("abc,cad->bad", (2, 3, 4), (4, 2, 5)),
    "rows mixed": ("ab,ac->cb", (4, 3), (4, 2)),
    "axes apart": ("abcd,cea->dbe", (2, 3, 4, 5), (4, 3, 2)),
    "two in place, turned": ("abcd,bead->dbce", (2, 3, 4, 2), (3, 5, 2, 2)),
    "outer": ("ab,cd->cbda", (2, 3), (4, 5)),
    "vector": ("a,ab->b", (6,), (6, 2)),
    "ones": ("abc,cd->abd", (1, 3, 1), (1, 2)),
}


def at(place: str, **values: int) -> int:
    """The value of an expression; C++'s whole division is Python's for what is not negative."""
    return int(eval(place.replace("/", "//"), {}, values))  # noqa: S307


@pytest.mark.parametrize("name", EQUATIONS)
def test_places_give_numpys_einsum(name: str) -> None:
    equation, left_shape, right_shape = EQUATIONS[name]
    axes = axes_of(equation, left_shape, right_shape, "here")
    rng = np.random.default_rng(0)
    a, b = rng.integers(-9, 9, left_shape), rng.integers(-9, 9, right_shape)
    expected = np.einsum(equation, a, b)
    left, rest = equation.split(",")
    right, out = rest.split("->")
    i, r, o, c = ("i", axes.inplace), ("r", axes.left), ("o", axes.right), ("c", axes.contract)
    left_at = axes.place(left, left_shape, i, r, c)
    right_at = axes.place(right, right_shape, i, o, c)
    out_at = axes.place(out, expected.shape, i, r, o)
    n_i, n_r, n_o, n_c = (prod(axes.sizes[x] for x in g) for _, g in (i, r, o, c))
    y = np.full(expected.size, 999)
    for ii, rr, oo in itertools.product(range(n_i), range(n_r), range(n_o)):
        terms = [a.flat[at(left_at, i=ii, r=rr, c=cc)] * b.flat[at(right_at, i=ii, o=oo, c=cc)] for cc in range(n_c)]
        y[at(out_at, i=ii, r=rr, o=oo)] = sum(terms)
    assert y.tolist() == expected.ravel().tolist()


def test_axes_that_lie_behind_one_another_are_one_step() -> None:
    axes = axes_of("ab,bcd->acd", (3, 4), (4, 2, 5), "here")
    assert axes.place("acd", (3, 2, 5), ("r", axes.left), ("o", axes.right)) == "r * 10 + o"


def test_a_bias_stands_where_it_repeats() -> None:
    axes = axes_of("ab,bcd->acd", (3, 4), (4, 2, 5), "here")
    variables = (("i", axes.inplace), ("r", axes.left), ("o", axes.right))
    place = axes.place("cd", (2, 1), *variables)
    assert [at(place, i=0, r=1, o=o) for o in range(10)] == [0] * 5 + [1] * 5
    assert axes.place("", (), *variables) == "0"


@pytest.mark.parametrize("equation", ["ab,bc->a", "ab,c->c", "aab,bc->ac"])
def test_an_axis_of_one_operand_is_not_summed(equation: str) -> None:
    shapes = ((3, 3, 4), (4, 2)) if equation.startswith("aab") else ((3, 4), (4, 2) if "bc" in equation else (2,))
    with pytest.raises(UserError, match="sum over shared ones"):
        axes_of(equation, *shapes, "layer x")


def test_other_nodes_stay() -> None:
    node = {"class_name": "Concatenate", "name": "x"}
    assert own(node) is node
    assert own({"class_name": "EinsumDense", "name": "x"}) == {"class_name": "FpgaTfEinsumDense", "name": "x"}
