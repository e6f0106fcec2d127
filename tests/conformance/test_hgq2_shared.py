"""Published HGQ2 transformers, where they are at hand: written by an older hgq2, their tables and weights pruned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.store import Store

PEERS = Path(__file__).parents[3] / "shared" / "peers"
NAMES = ("mha16part", "lin16part")

pytestmark = [
    pytest.mark.hgq2,
    pytest.mark.skipif(not all((PEERS / f"{name}.keras").is_file() for name in NAMES), reason="needs the models"),
]


def read(name: str) -> Any:
    from fpga_tf.models.read import read_model

    return read_model(PEERS / f"{name}.keras")


@pytest.mark.parametrize(("name", "width", "rows", "keys"), [("mha16part", 15, 256, 16), ("lin16part", 16, 32, 2)])
def test_a_published_transformer_becomes_nodes(name: str, width: int, rows: int, keys: int) -> None:
    from fpga_tf.hls.hgq2 import lower_hgq2

    model = read(name)
    found, ports = lower_hgq2(model)
    formats = [(port.shape, port.format.ap_type) for port in ports]
    assert formats == [((16, 3), f"ap_fixed<{width},6,AP_TRN,AP_WRAP,0>")]
    [softmax] = [node for node in found.nodes if node["class_name"] == "FpgaTfHgqSoftmax"]
    assert (softmax["n_outer"] * softmax["n_slice"], softmax["n_slice"]) == (rows, keys)
    assert softmax["n_inverse"] == 1  # training has removed the normalisation
    kernels = np.concatenate([node["weight_data"].ravel() for node in found.nodes if "weight_data" in node])
    assert kernels.size > 7_000 and 0.3 < np.mean(kernels == 0) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_firmware_of_a_published_transformer_computes_what_keras_computes(
    name: str, tmp_path: Path, store: Store
) -> None:
    from fpga_tf.hls.hgq2 import convert_hgq2
    from tests.conformance.proof import make, prove, samples

    project = make(read(name), tmp_path / "project", store, converter=convert_hgq2, frontend="hgq2")
    rng = np.random.default_rng(0)
    [port] = project.converted.inputs
    fmt = port.format
    anything = fmt.dequantise(rng.integers(fmt.min_code, fmt.max_code, (10_000, *port.shape), endpoint=True))
    [stressed] = samples([port], rng)
    proof = prove(project, [np.concatenate([anything.astype(np.float32), stressed])])
    assert proof.differing == {}
    assert proof.compared > 10_000_000
