"""Kaldi's `final.mdl` (transition model and nnet3 network), written from plain matrices.

The binary format is Kaldi's own (`src/hmm/transition-model.cc`, `src/nnet3/nnet-nnet.cc`); the two
component types used can be read by any Kaldi since 2016. Batch normalisation is folded into the
weights.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from speech.training.features import COEFFICIENTS, Floats
from speech.training.units import UnitTable

MATRIX_HEADER = "<ffii"
"""Of a matrix in two bytes: the least value, the span up to the greatest, rows and columns."""
STEPS = 65535
"""Into which the span is divided."""


@dataclass(frozen=True)
class Layer:
    """An affine transform of the frames at these offsets (in frames of 10 ms), then max(0, x)."""

    offsets: tuple[int, ...]
    weights: Floats
    bias: Floats


class _Writer(io.BytesIO):
    """Writes Kaldi's binary values, each with the size of its type before it."""

    def token(self, name: str) -> None:
        self.write(name.encode() + b" ")

    def integer(self, value: int) -> None:
        self.write(b"\x04" + struct.pack("<i", value))

    def double(self, value: float) -> None:
        self.write(b"\x08" + struct.pack("<d", value))

    def real(self, value: float) -> None:
        self.write(b"\x04" + struct.pack("<f", value))

    def integers(self, values: Sequence[int]) -> None:
        self.write(b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes())

    def vector(self, values: npt.ArrayLike) -> None:
        row = np.asarray(values, "<f4")
        self.token("FV")
        self.integer(len(row))
        self.write(row.tobytes())

    def matrix(self, values: Floats) -> None:
        """In Kaldi's form of two bytes a weight, by one scale for all: half the size of floats, and
        what is recognised stays the same."""
        table = np.asarray(values, np.float64)
        low, span = float(table.min()), float(np.ptp(table)) or 1.0
        self.token("CM2")
        self.write(struct.pack(MATRIX_HEADER, low, span, *table.shape))
        self.write(np.round((table - low) / span * STEPS).astype("<u2").tobytes())


def write_model(
    path: Path, table: UnitTable, layers: Sequence[Layer], output: Floats, bias: Floats, around: int
) -> None:
    """Write transition model and network; `around`: context on either side, frames."""
    to = _Writer()
    to.write(b"\0B")
    _transitions(to, table)
    _network(to, layers, output, bias)
    to.token("<LeftContext>")
    to.integer(around)
    to.token("<RightContext>")
    to.integer(around)
    to.token("<Priors>")
    to.vector([])
    path.write_bytes(to.getvalue())


def _transitions(to: _Writer, table: UnitTable) -> None:
    """The chain topology for every phone: one state, with one output to enter it and another to
    stay."""
    to.token("<TransitionModel>")
    to.token("<Topology>")
    phones = [state.phone for state in table.states]
    to.integers(phones)
    to.integers([-1] + [0] * max(phones))
    to.integer(-1)  # the form in which a self-loop has its own output
    to.integer(1)
    to.integer(2)  # states
    for value in (0, 1, 2):  # the first: entered by class 0, stays by class 1, two arcs
        to.integer(value)
    for following in (0, 1):
        to.integer(following)
        to.real(0.5)
    for value in (-1, -1, 0):  # the last: without output or arcs
        to.integer(value)
    to.token("</Topology>")
    to.token("<Tuples>")
    to.integer(len(table.states))
    for state in table.states:
        for value in (state.phone, 0, state.enter, state.stay):
            to.integer(value)
    to.token("</Tuples>")
    to.token("<LogProbs>")
    to.vector(np.concatenate([[0.0], np.full(2 * len(table.states), np.log(0.5))]))
    to.token("</LogProbs>")
    to.token("</TransitionModel>")


def _network(to: _Writer, layers: Sequence[Layer], output: Floats, bias: Floats) -> None:
    to.token("<Nnet3>")
    to.write(b"\n" + "\n".join(_nodes(layers)).encode() + b"\n\n")
    to.token("<NumComponents>")
    to.integer(2 * len(layers) + 1)
    for number, layer in enumerate(layers):
        _affine(to, f"l{number}.affine", layer.weights, layer.bias)
        _rectifier(to, f"l{number}.relu", len(layer.bias))
    _affine(to, "out.affine", output, bias)
    to.token("</Nnet3>")


def _nodes(layers: Sequence[Layer]) -> list[str]:
    lines = [f"input-node name=input dim={COEFFICIENTS}"]
    before = "input"
    for number, layer in enumerate(layers):
        frames = ", ".join(before if at == 0 else f"Offset({before}, {at})" for at in layer.offsets)
        affine, relu = f"l{number}.affine", f"l{number}.relu"
        lines.append(f"component-node name={affine} component={affine} input=Append({frames})")
        lines.append(f"component-node name={relu} component={relu} input={affine}")
        before = relu
    lines.append(f"component-node name=out.affine component=out.affine input={before}")
    lines.append("output-node name=output input=out.affine objective=linear")
    return lines


def _affine(to: _Writer, name: str, weights: Floats, bias: Floats) -> None:
    to.token("<ComponentName>")
    to.token(name)
    to.token("<FixedAffineComponent>")
    to.token("<LinearParams>")
    to.matrix(weights)
    to.token("<BiasParams>")
    to.vector(bias)
    to.token("</FixedAffineComponent>")


def _rectifier(to: _Writer, name: str, size: int) -> None:
    to.token("<ComponentName>")
    to.token(name)
    to.token("<RectifiedLinearComponent>")
    to.token("<Dim>")
    to.integer(size)
    for statistic in ("<ValueAvg>", "<DerivAvg>"):
        to.token(statistic)
        to.vector([])
    to.token("<Count>")
    to.double(0.0)
    to.token("<OderivRms>")
    to.vector([])
    for count in ("<OderivCount>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
        to.token(count)
        to.double(0.0)
    to.token("</RectifiedLinearComponent>")
