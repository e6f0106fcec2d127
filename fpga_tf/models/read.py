"""Reading a Keras model file that nobody vouches for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fpga_tf.errors import FpgaTfError, UserError
from fpga_tf.models.archive import read_config
from fpga_tf.models.keras2 import has_qkeras, is_keras2
from fpga_tf.models.names import check_names
from fpga_tf.models.references import check_references

if TYPE_CHECKING:
    import keras

    from fpga_tf.fixedpoint import Format

_QUANTISERS = "hgq.quantizer.internal.fixed_point_quantizer"
_REASON = "Exception encountered: "  # Keras wraps the reason in a dump of the configuration


def read_model(path: Path) -> keras.Model:
    """The functional model in a `.keras` or `.h5` file, for inference.

    Args:
        path: written by ``model.save()``; functional or Sequential, of Keras's, QKeras's, HGQ2's and our layers.

    Returns:
        A functional model with fixed shapes (the batch excepted), finite weights, and layer names that are C
        identifiers.

    Raises:
        UserError: the file is missing, damaged, unsafe or no such model, or a package that it needs is missing.
        ToolError: the file system refuses to read it.
    """
    return read_with_notes(path)[0]


def read_with_notes(path: Path, precision: Format | None = None) -> tuple[keras.Model, tuple[str, ...]]:
    """As `read_model`, and what was chosen because the file does not say it.

    Args:
        precision: range and fraction of every tensor whose format a quantised file of Keras 2 does not state; None:
            those of its kernels. Has no effect on other files, which state all formats.
    """
    where = str(path)
    config = read_config(path)
    packages = check_references(config, where)
    notes: tuple[str, ...] = ()
    if is_keras2(config):
        _import(packages | ({"qkeras"} if has_qkeras(config) else set()), where)
        model, notes = importlib.import_module("fpga_tf.models.keras2_build").build_keras2(config, path, precision)
    else:
        _import(packages, where)
        model = as_functional(_load(path), where)
    check_names(layer.name for layer in model.layers)
    _check_shapes(model, where)
    for layer in model.layers:
        _check_layer(layer)
    return model, notes


def _import(packages: set[str], where: str) -> None:
    importlib.import_module("fpga_tf.layers")  # registers our classes with Keras
    if "qkeras" in packages:
        _need("qkeras", "QActivation", "qkeras", where)  # HGQ2 ships a package of that name without it
    if packages & {"hgq", "quantizers"}:
        _need("hgq.layers", "QDense", "hgq2", where)


def _need(module: str, class_name: str, extra: str, where: str) -> None:
    package = module.partition(".")[0]
    try:
        found = hasattr(importlib.import_module(module), class_name)
        reason = f"the package {package} here is another one"
    except ImportError as error:
        found, reason = False, str(error).splitlines()[0][:200]
    if not found:
        raise UserError(
            f"a model of {package}'s layers must be read where that package works, not without it ({reason})",
            where=where,
            hint=f"pip install 'fpga_tf[{extra}]'; the extras qkeras and hgq2 cannot share an environment",
        )


def _load(path: Path) -> Any:
    import keras

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever it is: the file is one that Keras cannot read
        own = _own(error)
        if own is not None:
            raise own from None
        text = str(error).rpartition(_REASON)[2].strip()
        reason = text.splitlines()[0][:300] if text else type(error).__name__
        raise UserError(
            f"a model file must be readable by Keras {keras.__version__}, not fail with: {reason}",
            where=str(path),
            hint="save the model again with the versions that `fpga-tf doctor` shows",
        ) from error


def _own(error: BaseException | None) -> FpgaTfError | None:
    """The error of ours that Keras wrapped into its own, with a dump of the configuration."""
    found = None
    while error is not None:
        found = error if isinstance(error, FpgaTfError) else found
        error = error.__context__
    return found


def as_functional(model: Any, where: str) -> keras.Model:
    """A functional or Sequential model as a functional one.

    Raises:
        UserError: the model is of another kind, not built, or contains models.
    """
    import keras

    if isinstance(model, keras.Sequential):
        if not model.built or not model.inputs:
            hint = "put keras.layers.Input(shape) first"
            raise UserError("a Sequential model must have an input shape, not be unbuilt", where=where, hint=hint)
        model = keras.Model(model.inputs, model.outputs, name=model.name)
    if not isinstance(model, keras.Model) or not isinstance(model, keras.Function):
        raise UserError(f"a model must be functional or Sequential, not {type(model).__name__}", where=where)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            raise UserError(
                "a model must be made of layers, not of models",
                where=f"layer {layer.name!r}",
                hint="call the inner model's layers in the outer one",
            )
    return model


def _check_shapes(model: keras.Model, where: str) -> None:
    for tensor in [*model.inputs, *model.outputs]:
        if tensor.shape is None or tensor.shape[0] is not None or None in tensor.shape[1:]:
            raise UserError(
                f"a model's shapes must be fixed except for the batch, not {tensor.shape}",
                where=f"{where}, tensor {tensor.name}",
                hint="give the Input layer a full shape",
            )
        if len(tensor.shape) < 2 or 0 in tensor.shape:
            raise UserError(
                f"a model's inputs and outputs must have values besides the batch, not the shape {tensor.shape}",
                where=f"{where}, tensor {tensor.name}",
                hint="a single number is an axis of length 1: Input((1,))",
            )


def _check_layer(layer: Any) -> None:
    import keras
    import numpy as np

    where = f"layer {layer.name!r}"
    policy = layer.dtype_policy
    if policy.compute_dtype not in ("float32", "float64") or policy.variable_dtype not in ("float32", "float64"):
        raise UserError(f"a layer's dtype must be float32, not {policy.name}", where=where)
    unused = _decay_speeds(layer)
    for variable in layer.weights:
        values = keras.ops.convert_to_numpy(variable)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            if id(variable) in unused and (values == np.inf).all():
                continue
            raise UserError(
                f"weights must be finite, not {values[~np.isfinite(values)].flat[0]}",
                where=f"{where}, variable {variable.path}",
                hint="the training diverged: train again",
            )


def _decay_speeds(layer: Any) -> set[int]:
    """Ids of the variables that say how fast HGQ2's quantisers give up integer bits in training.

    They decide no arithmetic of a trained model, and HGQ2 itself sets them to infinity.
    """
    parts = [part for part in layer._flatten_layers() if type(part).__module__ == _QUANTISERS]
    return {id(part._i_decay_speed) for part in parts if hasattr(part, "_i_decay_speed")}
