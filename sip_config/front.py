"""The SIP front of a node: a Kamailio that gives calls to the node's workers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sip_config.kamailio import FrontFailed, Kamailio
from sip_config.rpc import RpcFailed
from sip_config.service_cfg import (
    WorkerAddress,
    dispatcher_list,
    parameters_cfg,
    service_cfg,
    towards_workers,
)
from sip_config.settings import SipSettings
from sip_config.trunk_tables import trunk_files

__all__ = ["FrontFailed", "KamailioFront"]

RELOAD_APART_S = 0.02
_REGISTERED = 1 << 2  # of the flags Kamailio shows for a registration


class KamailioFront:
    """One Kamailio and what it is told of the workers. As single-threaded as the supervisor."""

    def __init__(
        self,
        settings: SipSettings,
        workers: Sequence[WorkerAddress],
        directory: Path,
        *,
        in_child: Callable[[], None] | None = None,
        debug: int = 0,
    ) -> None:
        self._settings = settings
        self._workers = tuple(workers)
        self._debug = debug
        self._reloaded_at = 0.0
        self._accepting = False
        self._open: set[int] = set()
        self._inside = towards_workers(settings)
        self.kamailio = Kamailio(
            settings.kamailio,
            f"{settings.listen[0]}:{settings.port}",
            self._files,
            directory,
            steer=self._steer_anew,
            shared_memory_mb=settings.shared_memory_mb,
            in_child=in_child,
        )

    def _files(self) -> Mapping[str, str]:
        directory = self.kamailio.directory
        return {
            "service.cfg": service_cfg(self._settings, self._inside, debug=self._debug),
            "parameters.cfg": parameters_cfg(self._settings, directory),
            "dispatcher.list": dispatcher_list(self._workers, self._inside),
            **trunk_files(self._settings),
        }

    @property
    def up(self) -> bool:
        """Whether it runs."""
        return self.kamailio.up

    def start(self) -> None:
        """Write, check and start; returns when it answers. Raises FrontFailed."""
        self.kamailio.start()

    def watch(self, now: float) -> bool:
        """Start it again when it has died; True when that happened. `now` is monotonic."""
        return self.kamailio.watch(now)

    def stop(self) -> None:
        """End it and its children."""
        self.kamailio.stop()

    def accept(self, accepting: bool) -> None:
        """Take new calls, or answer them (and OPTIONS) 503 with Retry-After."""
        self._accepting = accepting
        with contextlib.suppress(RpcFailed):
            self.kamailio.rpc("pv.shvSet", "accepting", "int", int(accepting))

    def open_worker(self, slot: int, lines: int) -> None:
        """The worker takes calls, as many as its library told us."""
        self._open.add(slot)
        worker = self._worker(slot)
        if worker.lines != lines:
            self._workers = tuple(
                WorkerAddress(one.slot, one.port, lines) if one.slot == slot else one
                for one in self._workers
            )
            self._reload()
        self._set_state(slot, "a")

    def close_worker(self, slot: int) -> None:
        """The worker gets no new calls; its running ones go on."""
        self._open.discard(slot)
        self._set_state(slot, "i")

    def loads(self) -> dict[int, int]:
        """Calls the dispatcher counts for each worker, by slot. Raises RpcFailed."""
        slots = {worker.duid: worker.slot for worker in self._workers}
        return {
            slots[entry["ATTRS"]["DUID"]]: int(entry["RUNTIME"]["DLGLOAD"])
            for entry in self._destinations()
            if entry.get("ATTRS", {}).get("DUID") in slots and "RUNTIME" in entry
        }

    def forget_loads(self) -> None:
        """Have the dispatcher count its calls anew.

        A caller who vanished half-way, or a worker that died with its calls, leaves entries that
        would turn later callers away. Counting anew can only count too few, and then the worker
        itself refuses with 486 and the next one is tried.
        """
        self._reload()

    def registrations(self) -> dict[str, bool]:
        """Which of our registrations hold, by name. Raises RpcFailed."""
        if not self._settings.registrations:
            return {}
        held = {
            entry["l_uuid"]: bool(entry["flags"] & _REGISTERED)
            for entry in self.kamailio.rpc("uac.reg_dump")
        }
        return {
            one.name: held.get(one.number or one.username, False)
            for one in self._settings.registrations
        }

    def _destinations(self) -> list[dict[str, Any]]:
        answer = self.kamailio.rpc("dispatcher.list")
        found = []
        for record in answer.get("RECORDS", []):
            for target in record["SET"]["TARGETS"]:
                found.append(target["DEST"])
        return found

    def _worker(self, slot: int) -> WorkerAddress:
        return next(worker for worker in self._workers if worker.slot == slot)

    def _set_state(self, slot: int, state: str) -> None:
        with contextlib.suppress(RpcFailed):
            self.kamailio.rpc("dispatcher.set_duid_state", state, 1, self._worker(slot).duid)

    def _reload(self) -> None:
        """Read the dispatcher's list again: counts begin at nought, states must be set anew."""
        (self.kamailio.directory / "dispatcher.list").write_text(
            dispatcher_list(self._workers, self._inside)
        )
        # The dispatcher frees the last but one list, which a call being placed may still look at.
        time.sleep(max(0.0, self._reloaded_at + RELOAD_APART_S - time.monotonic()))
        with contextlib.suppress(RpcFailed):
            self.kamailio.rpc("dispatcher.reload")
        self._reloaded_at = time.monotonic()
        for worker in self._workers:
            self._set_state(worker.slot, "a" if worker.slot in self._open else "i")

    def _steer_anew(self) -> None:
        """Tell a Kamailio that has just started what it must know. Raises RpcFailed."""
        self.kamailio.rpc("core.uptime")
        for worker in self._workers:
            self._set_state(worker.slot, "a" if worker.slot in self._open else "i")
        self.accept(self._accepting)
