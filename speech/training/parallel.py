"""Several processes train the same networks at once, each on its own batches.

Two threads share one batch badly, for most of its work is many small steps one after the other. Two
processes share two batches well: each computes its gradients, and all take the mean of them.
"""

from __future__ import annotations

import datetime
import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

Result = TypeVar("Result")
Batch = TypeVar("Batch")
_LONGEST_WAIT = datetime.timedelta(hours=1)
"""Processes wait for each other at every step, and may be stopped for a while."""


@dataclass(frozen=True)
class Team:
    """One of the processes that train together.

    Attributes:
        rank: its number, from 0; only process 0 keeps states and shows progress.
        size: number of processes.
    """

    rank: int = 0
    size: int = 1

    def share(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        """The batches of this process; equally many for each, so that some may be left out."""
        return batches[self.rank : len(batches) // self.size * self.size : self.size]

    def average_gradients(self, module: nn.Module) -> None:
        if self.size > 1:
            parameters = list(module.parameters())
            for parameter in parameters:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
            self._average(
                [parameter.grad for parameter in parameters if parameter.grad is not None]
            )

    def average_statistics(self, module: nn.Module) -> None:
        """The means and variances that layers of normalisation have collected."""
        if self.size > 1:
            self._average([buffer for buffer in module.buffers() if buffer.is_floating_point()])

    def _average(self, tensors: Sequence[Tensor]) -> None:
        whole = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(whole)
        whole /= self.size
        at = 0
        for tensor in tensors:
            tensor.copy_(whole[at : at + tensor.numel()].view_as(tensor))
            at += tensor.numel()


def run(size: int, work: Callable[[Team], Result]) -> Result:
    """Do the same work in several processes; returns the result of the first, which is this one.

    Raises RuntimeError if another process fails.
    """
    if size == 1:
        return work(Team())
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as scratch:
        meeting = Path(scratch) / "meeting"
        others = [
            context.Process(target=_one_of, args=(Team(rank, size), meeting, work), daemon=True)
            for rank in range(1, size)
        ]
        for other in others:
            other.start()
        result = _one_of(Team(0, size), meeting, work)
        for other in others:
            other.join()
            if other.exitcode:
                raise RuntimeError(f"a process of the training ended with {other.exitcode}")
    return result


def _one_of(team: Team, meeting: Path, work: Callable[[Team], Result]) -> Result:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{meeting}",
        rank=team.rank,
        world_size=team.size,
        timeout=_LONGEST_WAIT,
    )
    try:
        return work(team)
    finally:
        dist.destroy_process_group()
