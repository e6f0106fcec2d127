"""FIFOs as shallow as they may be, in the C-simulation with every process a thread; shallower, and all of them wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.process import Network
from fpga_tf.store import Store

pytestmark = pytest.mark.qkeras


def eager_deadlocks(network: Network, depths: Mapping[str, int]) -> bool:
    """Whether processes wait for ever that keep no rows, as threads do not."""
    from fpga_tf.schedule import Deadlock
    from fpga_tf.schedule.engine import Pace, run

    channels = tuple(replace(channel, depth=depths[channel.name]) for channel in network.channels)
    try:
        run(replace(network, channels=channels), lambda _, loop: Pace(1), 2)
    except Deadlock:
        return True
    return False


def drafted(too_shallow: bool, folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A compiled attention with the smallest depths; or with the deepest FIFO for queries that makes threads wait."""
    from fpga_tf.hls.dataflow import convert, network, plan
    from fpga_tf.hls.shapes import LayerShape, Shapes
    from fpga_tf.schedule import holds_whole_samples, smallest_depths
    from tests.conformance.proof import draft
    from tests.hls.test_dataflow import tokens

    def depths(made: plan.Plan) -> dict[str, int]:
        whole = network.network(made)
        small = smallest_depths(whole)
        assert holds_whole_samples(whole) and not holds_whole_samples(small)
        found = {channel.name: channel.depth for channel in small.channels}
        assert sum(found.values()) < sum(channel.depth for channel in whole.channels) / 2
        assert not eager_deadlocks(whole, found)
        [queries] = [n.inputs[0] for n in made.nodes if n.kernel and n.kernel.function == "scores_rows"]
        assert 2 < found[queries] < 8
        if too_shallow:
            found[queries] = max(d for d in range(1, 8) if eager_deadlocks(whole, {**found, queries: d}))
            assert found[queries] > 1
        return found

    monkeypatch.setattr(convert, "depths", depths)
    return draft(tokens(), folder, store, shapes=Shapes(LayerShape("dataflow"), {}, "io_parallel"))()


@pytest.mark.parametrize("too_shallow", [False, True])
def test_the_smallest_depths_are_enough_and_less_is_not(
    too_shallow: bool, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fpga_tf.hls.simulate import DeadlockError, simulate

    codes = [np.random.default_rng(0).integers(-64, 64, (20, 8, 2))]
    project = drafted(too_shallow, tmp_path / "project", store, monkeypatch)
    expected = simulate(project.program, project.manifest, codes).outputs[0]
    assert expected.any()
    if too_shallow:
        with pytest.raises(DeadlockError, match="is full"):
            simulate(project.program, project.manifest, codes, concurrent=True)
    else:
        assert np.array_equal(simulate(project.program, project.manifest, codes, concurrent=True).outputs[0], expected)
