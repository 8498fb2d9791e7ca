"""Continues training from a shipped model: reads its weights from `final.mdl`."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, relu

from speech.training.features import Floats
from speech.training.network import TimeDelayNetwork

_WEIGHTS, _BIAS = b"<LinearParams> FM ", b"<BiasParams> FV "


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
        start = at + len(_WEIGHTS)
        rows, columns = struct.unpack("<xixi", data[start : start + 10])
        start += 10
        weights = np.frombuffer(data, "<f4", rows * columns, start).reshape(rows, columns)
        start += weights.nbytes + len(_BIAS) + 5
        found.append(Affine(weights, np.frombuffer(data, "<f4", rows, start)))
        at = start
    if not found:
        raise ValueError(f"{final_mdl}: no weights as 32-bit floats in it")
    return found


def start_trunk(network: TimeDelayNetwork, final_mdl: Path, features: Tensor) -> None:
    """Copy all layers but the last of a shipped model to a network.

    The network's mean and deviation must be set. Normalisation was folded into the weights, so each
    layer gets a new one, computed from its output for some minutes of features (frames, 32). It
    changes nothing, whether a batch is normalised by its own or by learnt statistics.

    Raises ValueError if the layers have another shape.
    """
    *layers, _ = read_back(final_mdl)
    if [layer.bias.shape[0] for layer in layers] != [len(norm.weight) for norm in network.norms]:
        raise ValueError(f"{final_mdl}: layers of another shape")
    hidden = ((features[None] - network.mean) / network.deviation).transpose(1, 2)
    with torch.no_grad():
        for number, (convolution, norm) in enumerate(
            zip(network.convolutions, network.norms, strict=True)
        ):
            table = torch.from_numpy(layers[number].weights.copy())
            shift = torch.from_numpy(layers[number].bias.copy())
            kernel = table.reshape(len(table), 3, -1).transpose(1, 2)
            if number == 0:  # the transform in the file takes features as they are
                shift = shift + (kernel * network.mean[None, :, None]).sum((1, 2))
                kernel = kernel * network.deviation[None, :, None]
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
    """Copy the last transform of a shipped model to a network. Raises ValueError as above."""
    last = read_back(final_mdl)[-1]
    if last.weights.shape != tuple(network.output.weight.shape[:2]):
        raise ValueError(f"{final_mdl}: {last.weights.shape[0]} outputs, not those of the lexicon")
    with torch.no_grad():
        network.output.weight.copy_(torch.from_numpy(last.weights.copy())[:, :, None])
        network.output.bias.copy_(torch.from_numpy(last.bias.copy()))
