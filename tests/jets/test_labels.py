"""Flavour from the hadrons in the cone."""

from __future__ import annotations

import numpy as np
import pytest

from fpga_tf.jets.events import EventRecord, Jets, charge
from fpga_tf.jets.labels import flavour, hadrons_with, last_hadrons, near, prompt_leptons

from .records import displaced_pair, record


@pytest.mark.parametrize(
    ("code", "beauty", "charm"),
    [
        (511, True, False),  # B0
        (-521, True, False),  # B-
        (513, True, False),  # B*0
        (5122, True, False),  # Lambda_b
        (553, True, False),  # Upsilon
        (541, True, False),  # B_c
        (411, False, True),  # D+
        (-20413, False, True),  # D_1(H)-
        (4122, False, True),  # Lambda_c
        (443, False, True),  # J/psi
        (5, False, False),  # b quark
        (5503, False, False),  # bb diquark
        (4101, False, False),  # cd diquark
        (211, False, False),  # pi+
        (2212, False, False),  # p
        (1000020040, False, False),  # alpha
    ],
)
def test_quark_content(code: int, beauty: bool, charm: bool) -> None:
    assert hadrons_with(np.array([code]), 5)[0] == beauty
    assert hadrons_with(np.array([code]), 4)[0] == charm


def test_charges() -> None:
    codes = np.array([11, -11, -13, 211, -211, 2212, 3112, 3222, 22, 130, 2112, 12])
    np.testing.assert_array_equal(charge(codes), [-1, 1, 1, 1, -1, 1, -1, 1, 0, 0, 0, 0])


def chain() -> EventRecord:
    """B*0 -> B0 gamma, B0 -> D+ pi-, D+ -> K0 pi+; the second event holds a lone D+ elsewhere."""
    system = {"pid": 90}
    return record(
        [
            [
                system,
                {"pid": 513, "px": 40.0, "first_daughter": 2, "last_daughter": 3},
                {"pid": 511, "px": 39.0, "first_daughter": 4, "last_daughter": 5},
                {"pid": 22, "px": 1.0, "status": 1},
                {"pid": 411, "px": 30.0, "first_daughter": 6, "last_daughter": 7},
                {"pid": -211, "px": 9.0, "status": 1},
                {"pid": 311, "px": 20.0, "status": 1},
                {"pid": 211, "px": 10.0, "status": 1},
            ],
            [system, {"pid": 411, "py": 30.0}, {"pid": 421, "px": -4.0}],
        ]
    )


def jets_along(events: list[int], angles: list[float]) -> Jets:
    none = np.zeros(0, np.int64)
    phi = np.array(angles)
    return Jets(np.array(events), 50 * np.cos(phi), 50 * np.sin(phi), np.zeros(len(phi)), none, none)


def test_last_hadrons_of_a_chain() -> None:
    np.testing.assert_array_equal(np.flatnonzero(last_hadrons(chain(), 5)), [2])
    np.testing.assert_array_equal(np.flatnonzero(last_hadrons(chain(), 4)), [4, 9, 10])


def test_flavour_takes_b_before_c_and_looks_only_into_its_own_event() -> None:
    # b with its c; outside the cone; c of event 1; the other event's b; a D0 with pt < 5 GeV
    jets = jets_along([0, 0, 1, 1, 1], [0.2, 0.4, np.pi / 2, 0.0, np.pi])
    np.testing.assert_array_equal(flavour(chain(), jets), [0, 2, 1, 2, 2])


def test_near_wraps_around_pi() -> None:
    events = record([[{"pid": 90}, {"pid": 411, "px": -30.0, "py": 1.0}]])
    hit = near(events, last_hadrons(events, 4), jets_along([0, 0], [-np.pi + 0.1, -np.pi + 0.4]), 0.3)
    np.testing.assert_array_equal(hit, [True, False])


def test_prompt_leptons_come_from_a_w() -> None:
    muon = {"pid": 13, "px": 20.0}
    events = record(
        [
            [
                {"pid": 90},
                {"pid": -24},
                {**muon, "mother": 1},
                {**muon, "mother": 1, "px": 5.0},
                {**muon, "mother": 2},
                muon,
            ]
        ]
    )
    np.testing.assert_array_equal(np.flatnonzero(prompt_leptons(events)), [2])


def test_the_handmade_decay_is_a_b_jet() -> None:
    np.testing.assert_array_equal(flavour(*displaced_pair(3)), [0, 0, 0])
