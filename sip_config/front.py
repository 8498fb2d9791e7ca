"""The SIP front of a node: a Kamailio that distributes calls to the node's workers."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sip_config.kamailio import FrontFailed, Kamailio
from sip_config.rpc import RpcFailed
from sip_config.service_cfg import (
    CardAddress,
    dispatcher_list,
    parameters_cfg,
    service_cfg,
    towards_workers,
)
from sip_config.settings import SipSettings
from sip_config.trunk_tables import trunk_files

__all__ = ["FrontFailed", "KamailioFront"]

RELOAD_APART_S = 0.02
_TOO_BUSY = 2  # of the values of `accepting` in kamailio.cfg; 0 and 1 are no and yes
_REGISTERED = 1 << 2  # of the flags Kamailio shows for a registration


class KamailioFront:
    """One Kamailio, and what it is told about the workers. Single-threaded, like the supervisor."""

    def __init__(
        self,
        settings: SipSettings,
        cards: Sequence[CardAddress],
        directory: Path,
        *,
        in_child: Callable[[], None] | None = None,
        debug: int = 0,
    ) -> None:
        self._settings = settings
        self._cards = tuple(cards)
        self._debug = debug
        self._reloaded_at = 0.0
        self._accepting = False
        self._pace: int | None = None
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
            registrar_names=bool(settings.registrations),
        )

    def _files(self) -> Mapping[str, str]:
        directory = self.kamailio.directory
        return {
            "service.cfg": service_cfg(self._settings, self._inside, debug=self._debug),
            "parameters.cfg": parameters_cfg(self._settings, directory),
            "dispatcher.list": dispatcher_list(self._cards, self._inside),
            **trunk_files(self._settings),
        }

    @property
    def up(self) -> bool:
        """Whether it is running."""
        return self.kamailio.up

    def start(self) -> None:
        """Write, check and start; returns when it answers. Raises FrontFailed."""
        self.kamailio.start()

    def watch(self, now: float) -> bool:
        """Restart it if it died; True when that happened. `now` is monotonic."""
        return self.kamailio.watch(now)

    def stop(self) -> None:
        """Stop it and its children."""
        self.kamailio.stop()

    def accept(self, accepting: bool) -> None:
        """Take new calls, or answer them and OPTIONS with 503 and Retry-After."""
        self._accepting = accepting
        with contextlib.suppress(RpcFailed):
            self._say_whether()

    def pace(self, calls_per_second: int | None) -> None:
        """Limit the new calls per second of all sources together; None: no limit.

        0: none, since the node is overloaded. Further calls get 503 with Retry-After; at 0 OPTIONS
            get it too, so that an edge gives calls to other nodes.
        """
        self._pace = calls_per_second
        with contextlib.suppress(RpcFailed):
            self._say_whether()

    def _say_whether(self) -> None:
        """Tell Kamailio whether to take calls. Raises RpcFailed."""
        too_busy = self._accepting and self._pace == 0
        accepting = _TOO_BUSY if too_busy else int(self._accepting)
        self.kamailio.rpc("pv.shvSet", "accepting", "int", accepting)
        self.kamailio.rpc("pv.shvSet", "pace", "int", self._pace or 0)

    def open_worker(self, slot: int, lines: int) -> None:
        """The worker takes calls, as many as its line cards reported; all cards have the same
        number."""
        self._open.add(slot)
        cards = [card for card in self._cards if card.slot == slot]
        each = lines // len(cards)
        if any(card.lines != each for card in cards):
            self._cards = tuple(
                replace(card, lines=each) if card.slot == slot else card for card in self._cards
            )
            self._reload()
        self._set_state(slot, "a")

    def close_worker(self, slot: int) -> None:
        """The worker gets no new calls; its running ones go on."""
        self._open.discard(slot)
        self._set_state(slot, "i")

    def loads(self) -> Mapping[int, int]:
        """The calls that the dispatcher counts for each worker, by slot. Raises RpcFailed."""
        slots = {card.duid: card.slot for card in self._cards}
        loads: Counter[int] = Counter()
        for entry in self._destinations():
            duid = entry.get("ATTRS", {}).get("DUID")
            if duid in slots and "RUNTIME" in entry:
                loads[slots[duid]] += int(entry["RUNTIME"]["DLGLOAD"])
        return loads

    def forget_loads(self) -> None:
        """Have the dispatcher count its calls anew.

        A call that vanished halfway, or a worker that died with its calls, leaves entries that
        would block later callers. The new count can only be too low; then the worker itself refuses
        with 486 and the next one is tried.
        """
        self._reload()

    def registrations(self) -> dict[str, bool]:
        """Which of our registrations are valid, by name. Raises RpcFailed."""
        if not self._settings.registrations:
            return {}
        held = {
            entry["l_uuid"]: bool(entry["flags"] & _REGISTERED)
            for entry in self.kamailio.rpc("uac.reg_dump")
        }
        return {
            registration.name: held.get(registration.number or registration.username, False)
            for registration in self._settings.registrations
        }

    def _destinations(self) -> list[dict[str, Any]]:
        answer = self.kamailio.rpc("dispatcher.list")
        found = []
        for record in answer.get("RECORDS", []):
            for target in record["SET"]["TARGETS"]:
                found.append(target["DEST"])
        return found

    def _set_state(self, slot: int, state: str) -> None:
        with contextlib.suppress(RpcFailed):
            for card in self._cards:
                if card.slot == slot:
                    self.kamailio.rpc("dispatcher.set_duid_state", state, 1, card.duid)

    def _set_states(self) -> None:
        for slot in sorted({card.slot for card in self._cards}):
            self._set_state(slot, "a" if slot in self._open else "i")

    def _reload(self) -> None:
        """Reload the dispatcher's list: its counts begin at zero, and states must be set again."""
        (self.kamailio.directory / "dispatcher.list").write_text(
            dispatcher_list(self._cards, self._inside)
        )
        # The dispatcher frees the list before the last one, which a call being placed may still
        # use.
        time.sleep(max(0.0, self._reloaded_at + RELOAD_APART_S - time.monotonic()))
        with contextlib.suppress(RpcFailed):
            self.kamailio.rpc("dispatcher.reload")
        self._reloaded_at = time.monotonic()
        self._set_states()

    def _steer_anew(self) -> None:
        """Tell a Kamailio that has just started all that it must know. Raises RpcFailed."""
        self.kamailio.rpc("core.uptime")
        self._set_states()
        self._say_whether()
