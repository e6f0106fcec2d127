"""Proving that firmware computes what Keras computes: convert, compile, run, compare every code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.hls.build import build
from fpga_tf.hls.convert import Converted, Target, convert
from fpga_tf.hls.manifest import Manifest
from fpga_tf.hls.project import Samples, write_project
from fpga_tf.hls.shapes import Shapes
from fpga_tf.hls.simulate import Simulated, simulate
from fpga_tf.lower.context import FLOAT32_WIDTH
from fpga_tf.lower.inputs import InputPort
from fpga_tf.models.evaluate import evaluate, output_keys
from fpga_tf.store import Store

Arrays = list[NDArray[Any]]


@dataclass(frozen=True)
class Project:
    """A converted model on disk, compiled.

    Attributes:
        model: the Keras model.
        native: Keras's float32 is the reference, whatever the widths: HGQ2 is defined in it.
    """

    model: Any
    converted: Converted
    manifest: Manifest
    folder: Path
    program: Path
    native: bool = False

    @property
    def narrow(self) -> bool:
        """Float32 holds every exact result."""
        return max(self.manifest.widest.values()) <= FLOAT32_WIDTH

    @property
    def evaluations(self) -> tuple[bool, ...]:
        """The ways to evaluate Keras that are exact: float32 (false), float64 (true)."""
        if self.native:
            return (False,)
        return (False, True) if self.narrow else (True,)


@dataclass(frozen=True)
class Proof:
    """What was compared.

    Attributes:
        differing: per tap or output that differs, how many codes do, in native or exact evaluation.
        compared: codes compared, in all.
        constant: taps that never moved, so that equality says little.
    """

    differing: dict[str, str] = field(default_factory=dict)
    compared: int = 0
    constant: tuple[str, ...] = ()


def manifest_of(model: Any, converted: Converted, target: Target, frontend: str = "qkeras") -> Manifest:
    """The manifest of a converted model, all but its files."""
    state = converted.state
    wide = max(state.widest.values()) > FLOAT32_WIDTH
    return Manifest(
        name=target.name,
        key="",
        backend=target.backend,
        part=target.part,
        clock_ns=target.clock_ns,
        clock_uncertainty_percent=target.clock_uncertainty_percent,
        frontend=frontend,
        exact="float64" if wide else "float32",
        inputs=converted.input_ports(),
        outputs=converted.output_ports(model, output_keys(model)),
        layers=converted.layer_ports(lambda key: key),
        widest=dict(state.widest),
        versions={},
        config={},
        network=None if converted.network is None else converted.network.plain(),
    )


def make(model: Any, folder: Path, store: Store, **options: Any) -> Project:
    """Convert a model, write its project into `folder` and compile it."""
    return draft(model, folder, store, **options)()


def draft(
    model: Any,
    folder: Path,
    store: Store,
    *,
    name: str = "top",
    backend: str = "Vitis",
    declared: Any = None,
    converter: Callable[[Any, Target], Converted] | None = None,
    frontend: str = "qkeras",
    shapes: Shapes = Shapes(),  # noqa: B008
) -> Callable[[], Project]:
    """Convert a model and write its project; what is returned compiles it, in whatever thread."""
    target = Target(name, folder, backend, shapes=shapes)
    converted = convert(model, target, declared) if converter is None else converter(model, target)
    manifest = write_project(converted, target, manifest_of(model, converted, target, frontend))

    def compiled() -> Project:
        program, _, _ = build(folder, manifest, store, folder.with_suffix(".log"))
        return Project(model, converted, manifest, folder, program, native=converter is not None)

    return compiled


def vectors_of(model: Any, converted: Converted, manifest: Manifest, inputs: Arrays) -> Samples:
    """Test vectors with Keras's own outputs."""
    values = evaluate(model, inputs, output_keys(model), exact=True)
    return Samples(
        [(port, p.codes(x)) for port, p, x in zip(manifest.inputs, converted.inputs, inputs, strict=True)],
        [(port, port.type.codes_of(values[port.reference])[0]) for port in manifest.outputs],
    )


def samples(ports: Sequence[InputPort], rng: np.random.Generator, each: int = 60) -> Arrays:
    """Inputs that reach everywhere: plausible, overflowing, extreme, random codes, rows of zeros.

    Returns:
        Per port, values of shape (samples, *shape); what a port takes unquantised is off its grid.
    """
    return [_mask(p, rng, each) if p.mask else _values(p, rng, each) for p in ports]


def _mask(port: InputPort, rng: np.random.Generator, each: int) -> NDArray[Any]:
    shape = (each, *port.shape)
    kinds = [rng.random(shape) < p for p in (0.5, 0.8, 0.2, 0.9)]
    extremes = [np.zeros((2, *port.shape), bool), np.ones((2, *port.shape), bool)]
    return np.concatenate([*kinds, *extremes, rng.random(shape) < 0.5])


def _values(port: InputPort, rng: np.random.Generator, each: int) -> NDArray[Any]:
    fmt, shape = port.format, (each, *port.shape)
    span = max(fmt.max, -fmt.min)
    plausible = rng.normal(0, span / 4, shape)
    overflowing = rng.uniform(2 * fmt.min - span, 2 * fmt.max + span, shape)
    codes = fmt.dequantise(rng.integers(fmt.min_code, fmt.max_code + 1, shape))
    blanks = np.where(rng.random((*shape[:2], *[1] * (len(shape) - 2))) < 0.5, 0.0, codes)
    extremes = [np.full((2, *port.shape), v) for v in (fmt.min, fmt.max)]
    found = np.concatenate([plausible, overflowing, codes, blanks, *extremes, rng.choice([fmt.min, fmt.max], shape)])
    if port.raw:
        return found.astype(np.float32)
    return np.clip(np.rint(found / fmt.lsb), fmt.min_code, fmt.max_code) * fmt.lsb


def run(project: Project, inputs: Arrays, *, traced: bool = True) -> Simulated:
    """The firmware's codes."""
    codes = [p.codes(x) for p, x in zip(project.converted.inputs, inputs, strict=True)]
    return simulate(project.program, project.manifest, codes, traced=traced)


def prove(project: Project, inputs: Arrays) -> Proof:
    """Compare every tap and output with Keras in float64, and in float32 where that is exact."""
    sim, manifest = run(project, inputs), project.manifest
    assert [o.tolist() for o in run(project, inputs, traced=False).outputs] == [o.tolist() for o in sim.outputs]
    keys = list(dict.fromkeys(p.reference for p in (*manifest.layers, *manifest.outputs)))
    differing: dict[str, str] = {}
    compared = 0
    for exact in project.evaluations:
        values = evaluate(project.model, inputs, keys, exact=exact)
        for port, codes in (
            *zip(manifest.layers, sim.layers, strict=True),
            *zip(manifest.outputs, sim.outputs, strict=True),
        ):
            expected, on = port.type.codes_of(values[port.reference])
            bad = int(((expected != codes) | ~on).sum())
            compared += codes.size
            if bad:
                kind = "exact" if exact else "native"
                differing[f"{port.name} ({kind})"] = f"{bad} of {codes.size} {port.format} differ"
        if not exact:
            assert predicted_equals(project.model, inputs, values)
    constant = tuple(p.name for p, c in zip(manifest.layers, sim.layers, strict=True) if (c == c[0].flat[0]).all())
    return Proof(differing, compared, constant)


def predicted_equals(model: Any, inputs: Arrays, values: dict[str, NDArray[Any]]) -> bool:
    """Whether ``model.predict`` gives the very same outputs."""
    given = [x.astype(t.dtype) for x, t in zip(inputs, model.inputs, strict=True)]
    # QKeras's quantized_linear cannot be an activation in a compiled graph
    kinds = {type(getattr(layer, "activation", None)).__name__ for layer in model.layers}
    model.run_eagerly = "quantized_linear" in kinds
    made = model.predict(given if len(given) > 1 else given[0], verbose=0, batch_size=128)
    made = made if isinstance(made, list) else [made]
    return all(np.array_equal(m, values[key]) for m, key in zip(made, output_keys(model), strict=True))
