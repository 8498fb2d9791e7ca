"""Continues training from a shipped model: reads its weights from `final.mdl`."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, relu

from speech.training.features import Floats
from speech.training.kaldi_model import MATRIX_HEADER, STEPS
from speech.training.network import TimeDelayNetwork

_NOISE = 0.1
"""Of the weights of a network that grows: as a share of their spread."""
_WEIGHTS, _BIAS = b"<LinearParams> ", b"<BiasParams> FV "


@dataclass(frozen=True)
class Affine:
    """One transform as it is in the file, with normalisation folded in."""

    weights: Floats
    bias: Floats


def read_back(final_mdl: Path) -> list[Affine]:
    """All transforms; the last one leads to the outputs. Raises ValueError for a file without
    any."""
    data, at = final_mdl.read_bytes(), 0
    found: list[Affine] = []
    while (at := data.find(_WEIGHTS, at)) >= 0:
        weights, at = _matrix(data, at + len(_WEIGHTS))
        at += len(_BIAS) + 5
        found.append(Affine(weights, np.frombuffer(data, "<f4", len(weights), at)))
    if not found:
        raise ValueError(f"{final_mdl}: no weights in it")
    return found


def _matrix(data: bytes, at: int) -> tuple[Floats, int]:
    """A matrix at this place, as floats or in two bytes a weight, and the place after it."""
    kind, _, _ = data[at : at + 4].partition(b" ")
    at += len(kind) + 1
    if kind == b"FM":
        rows, columns = struct.unpack_from("<xixi", data, at)
        weights = np.frombuffer(data, "<f4", rows * columns, at + 10)
        return weights.reshape(rows, columns), at + 10 + weights.nbytes
    low, span, rows, columns = struct.unpack_from(MATRIX_HEADER, data, at)
    at += struct.calcsize(MATRIX_HEADER)
    steps = np.frombuffer(data, "<u2", rows * columns, at).reshape(rows, columns)
    return np.asarray(low + span * (steps / STEPS), np.float32), at + steps.nbytes


def start_trunk(network: TimeDelayNetwork, final_mdl: Path, features: Tensor) -> None:
    """Copy all layers but the last of a shipped model to a network, which may be larger.

    A wider layer repeats units, and what follows divides their weights among them; a layer more
    hands on what it gets (Chen, Goodfellow and Shlens 2016). So a larger network begins as the
    smaller one; a little noise lets what was repeated go ways of its own.

    The network's mean and deviation must be set. Normalisation was folded into the weights, so each
    layer gets a new one, computed from its output for some minutes of features (frames, 32). It
    changes nothing, whether a batch is normalised by its own or by learnt statistics.

    Raises ValueError if a layer of the model is wider than the network's, or there are more.
    """
    *layers, _ = read_back(final_mdl)
    width = len(network.norms[0].weight)
    if len(layers) > len(network.norms) or any(len(layer.bias) > width for layer in layers):
        raise ValueError(f"{final_mdl}: more or wider layers than the network has")
    noise = torch.Generator().manual_seed(0)
    hidden = ((features[None] - network.mean) / network.deviation).transpose(1, 2)
    with torch.no_grad():
        for number, (convolution, norm) in enumerate(
            zip(network.convolutions, network.norms, strict=True)
        ):
            kernel, shift = (
                _widened(layers[number], width, first=number == 0)
                if number < len(layers)
                else _handing_on(width)
            )
            if number == 0:  # the transform in the file takes features as they are
                shift = shift + (kernel * network.mean[None, :, None]).sum((1, 2))
                kernel = kernel * network.deviation[None, :, None]
            if width > len(layers[0].bias):
                spread = _NOISE * float(kernel.std())
                kernel = kernel + spread * torch.randn(kernel.shape, generator=noise)
            convolution.weight.copy_(kernel)
            convolution.bias.copy_(shift)
            out = convolution(hidden)
            mean, variance = out.mean((0, 2)), out.var((0, 2)) + 1e-5
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_(torch.sqrt(variance + norm.eps))
            norm.bias.copy_(mean)
            hidden = relu(out)


def start_output(network: TimeDelayNetwork, final_mdl: Path) -> None:
    """Copy the last transform of a shipped model to a network that may be wider. Raises ValueError
    for another number of outputs."""
    last = read_back(final_mdl)[-1]
    outputs, width, _ = network.output.weight.shape
    if last.weights.shape[0] != outputs:
        raise ValueError(f"{final_mdl}: {last.weights.shape[0]} outputs, not those of the lexicon")
    with torch.no_grad():
        weights = _shared_out(torch.from_numpy(last.weights.copy()), width)
        network.output.weight.copy_(weights[:, :, None])
        network.output.bias.copy_(torch.from_numpy(last.bias.copy()))


def _widened(layer: Affine, width: int, *, first: bool) -> tuple[Tensor, Tensor]:
    """Weights (units, inputs, 3 frames) and bias of a layer whose units are repeated."""
    table, shift = torch.from_numpy(layer.weights.copy()), torch.from_numpy(layer.bias.copy())
    kernel = table.reshape(len(table), 3, -1).transpose(1, 2)
    if not first:
        kernel = _shared_out(kernel, width)
    repeated = torch.arange(width) % len(shift)
    return kernel[repeated], shift[repeated]


def _shared_out(weights: Tensor, width: int) -> Tensor:
    """Weights (units, inputs, ...) for inputs that are repeated: each copy has its share."""
    repeated = torch.arange(width) % weights.shape[1]
    copies = torch.bincount(repeated)[repeated].reshape(1, -1, *([1] * (weights.dim() - 2)))
    return weights[:, repeated] / copies


def _handing_on(width: int) -> tuple[Tensor, Tensor]:
    kernel = torch.zeros(width, width, 3)
    kernel[:, :, 1] = torch.eye(width)
    return kernel, torch.zeros(width)
