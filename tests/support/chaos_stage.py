"""The processes that are killed, senders of requests and recovery: forked on command, as workers.

    python chaos_stage.py <plot.json>

reads lines from standard input, ``sender <part> <step>`` or ``recovery``, forks that process and
answers with its pid. A sender bundles one CCRN after the other by the flow's own `send`, with the
real ledger and the real client, and writes down what its caller would have been told. With a step
it kills itself the first time it comes to it; with ``-`` it waits to be killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

from backend_client.client import RocarsClient
from backend_client.errors import BackEndUnavailable, Refused
from backend_client.settings import RocarsClientSettings
from backend_client.types import Driver, Receipt
from call_flows.bundle import send
from call_flows.call_context import CallContext, NotWrittenDown
from call_flows.order import Order
from call_flows.rules import FlowRules
from ivr.call.ledger import BundleLedger
from ivr.node.children import fork
from ivr.node.recovery import Recovery
from ivr.observe import metrics
from ivr.records.call_book import CallBook
from ivr.records.settings import RecordsSettings

STEPS = ("before writing", "before sending", "after the answer", "before telling", "after telling")
"""Where a sender can end itself; in between it is killed from outside, at random."""


@dataclass(frozen=True)
class Plot:
    """What all processes know, from a file."""

    records_url: str
    rocars_url: str
    api_key: str
    session: str
    user_id: str
    ccrns: tuple[str, ...]
    announced: Path
    taken: Path
    patience_s: float

    @classmethod
    def read(cls, path: Path) -> Plot:
        plot = json.loads(path.read_text())
        return cls(
            **plot
            | {
                "ccrns": tuple(plot["ccrns"]),
                "announced": Path(plot["announced"]),
                "taken": Path(plot["taken"]),
            }
        )

    def client(self, kind: type[RocarsClient] = RocarsClient) -> RocarsClient:
        return kind(
            RocarsClientSettings(
                base_url=self.rocars_url,
                api_key=SecretStr(self.api_key),
                connect_timeout_s=0.3,
                read_timeout_s=0.5,
                budget_s=1.0,
                attempts=2,
            )
        )

    def book(self) -> CallBook:
        book = CallBook(self.records_url, RecordsSettings(), metrics.MeteredRecords())
        book.start()
        return book


class Mortal:
    """Dies at one step, once."""

    def __init__(self, step: str) -> None:
        self._step = step

    def at(self, step: str) -> None:
        if step == self._step:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalRocars(RocarsClient):
    """Dies just before a request leaves, or just after its answer came."""

    mortal = Mortal("-")

    async def bundle(self, *order: Any, **key: Any) -> Receipt:
        self.mortal.at("before sending")
        receipt = await super().bundle(*order, **key)
        self.mortal.at("after the answer")
        return receipt


def append(path: Path, *words: str) -> None:
    """One line, whole or not at all."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, (" ".join(words) + "\n").encode())
    os.close(file)


async def send_all(plot: Plot, part: int, step: str) -> int:
    mortal = Mortal(step)
    book = plot.book()
    MortalRocars.mortal = mortal
    client = plot.client(MortalRocars)
    driver = Driver(plot.user_id, plot.session, ("AB1234",))
    pause = random.Random()
    done = {line.split()[0] for line in plot.taken.read_text().splitlines()}
    for ccrn in plot.ccrns[part::2]:
        if ccrn in done:
            continue
        append(plot.taken, ccrn)
        ledger = BundleLedger(book, f"chaos-{ccrn}", "chaos", os.getpid(), 24)
        context = CallContext(client, FlowRules(), ledger)
        order = Order(driver, [ccrn], "AB1234")
        mortal.at("before writing")
        try:
            receipt = await send(context, order)
        except NotWrittenDown:
            append(plot.announced, "nothing-done", ccrn, "-")
        except BackEndUnavailable as away:
            append(plot.announced, "not-known" if away.uncertain else "nothing-done", ccrn, "-")
        except Refused as refusal:
            append(plot.announced, "refused", ccrn, type(refusal).__name__)
        else:
            mortal.at("before telling")
            append(plot.announced, "bundled", ccrn, receipt.ubr)
            ledger.result_announced(order.key)
            mortal.at("after telling")
        await asyncio.sleep(pause.uniform(0, 0.06))
    while True:
        await asyncio.sleep(1)


async def recover(plot: Plot) -> int:
    await Recovery(plot.book(), plot.client(), plot.patience_s).run()
    return 0


def _send(plot: Plot, part: int, step: str) -> int:
    return asyncio.run(send_all(plot, part, step))


def _recover(plot: Plot) -> int:
    return asyncio.run(recover(plot))


def main() -> None:
    plot_file = Path(sys.argv[1])
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead here
    for line in sys.stdin:
        order, _, rest = line.strip().partition(" ")
        plot = Plot.read(plot_file)
        if order == "sender":
            part, _, step = rest.partition(" ")
            pid = fork(partial(_send, plot, int(part), step))
        else:
            pid = fork(partial(_recover, plot))
        print(pid, flush=True)


if __name__ == "__main__":
    main()
