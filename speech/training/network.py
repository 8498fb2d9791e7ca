"""The acoustic model: a small time-delay network, and how it becomes plain matrices for Kaldi."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, relu

from speech.training.features import COEFFICIENTS, Floats
from speech.training.kaldi_model import Layer

SUBSAMPLING = 3
"""Frames of 10 ms to each output: Vosk takes it for granted."""

DEPTH = 4
"""Layers after the second one; each adds 30 ms of context on either side."""


class TimeDelayNetwork(nn.Module):
    """Convolutions over time, each three frames wide, all but the first on every third frame."""

    def __init__(self, outputs: int, width: int, depth: int = DEPTH, dropout: float = 0.1) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(COEFFICIENTS))
        self.register_buffer("deviation", torch.ones(COEFFICIENTS))
        self.convolutions = nn.ModuleList(
            [
                nn.Conv1d(COEFFICIENTS, width, 3),
                nn.Conv1d(width, width, 3, stride=SUBSAMPLING),
                *(nn.Conv1d(width, width, 3) for _ in range(depth)),
            ]
        )
        self.norms = nn.ModuleList([nn.BatchNorm1d(width) for _ in range(depth + 2)])
        self.output = nn.Conv1d(width, outputs, 1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        self.dropout = dropout
        self.depth = depth
        self.context = 2 + SUBSAMPLING * depth
        """Frames looked at on either side of an output."""

    @classmethod
    def of_state(cls, state: Mapping[str, Tensor]) -> TimeDelayNetwork:
        """A network of the shape that a kept state has, with its weights."""
        outputs, width, _ = state["output.weight"].shape
        layers = sum(name.startswith("convolutions.") for name in state) // 2
        network = cls(outputs, width, layers - 2)
        network.load_state_dict(state)
        return network

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, frames, 32), padded by `context` on either side, to (batch, outputs, units)."""
        result: Tensor = self.output(self.hidden(frames)).transpose(1, 2)
        return result

    def hidden(self, frames: Tensor) -> Tensor:
        """What all layers but the last make of frames: (batch, width, outputs)."""
        hidden = ((frames - self.mean) / self.deviation).transpose(1, 2)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            hidden = dropout(relu(norm(convolution(hidden))), self.dropout, self.training)
        return hidden

    def share(self, other: TimeDelayNetwork) -> None:
        """Have all but the last layer in common with another network from now on."""
        self.convolutions, self.norms = other.convolutions, other.norms
        self.mean, self.deviation = other.mean, other.deviation

    def layers(self) -> tuple[list[Layer], Floats, Floats]:
        """Normalisation folded into the weights, and the last transform's weights and bias."""
        found = []
        with torch.no_grad():
            for number, (convolution, norm) in enumerate(
                zip(self.convolutions, self.norms, strict=True)
            ):
                gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                weights = convolution.weight * gain[:, None, None]
                bias = (convolution.bias - norm.running_mean) * gain + norm.bias
                if number == 0:
                    scaled = self.mean / self.deviation
                    bias = bias - (weights * scaled[None, :, None]).sum((1, 2))
                    weights = weights / self.deviation[None, :, None]
                reach = 1 if number < 2 else SUBSAMPLING
                flat = weights.permute(0, 2, 1).reshape(weights.shape[0], -1)
                found.append(Layer((-reach, 0, reach), _floats(flat), _floats(bias)))
            return found, _floats(self.output.weight[:, :, 0]), _floats(self.output.bias)


def _floats(tensor: Tensor) -> Floats:
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32)
