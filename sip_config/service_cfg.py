"""The part of Kamailio's configuration that depends on the settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Protocol

from sip_config.settings import ANY_NUMBER, SipSettings
from sip_config.trunk_tables import REALM

_ANSWERS_WITHIN_MS = 3000
"""Workers answer calls at once. One that sent only 100 Trying within this time has died
meanwhile."""
_WORKER_TAKES = 3200
"""Bytes of a message for a worker, whose library reads 4,000. The front adds about 500."""
_ROOM_TO_REFUSE = 1024
"""A TCP message larger than the buffer closes the connection; one that is slightly too large gets a
513."""
_INACTIVE = 1  # of the dispatcher's flags
LOOPBACK = IPv4Address("127.0.0.1")


class Target(Protocol):
    """A destination of calls."""

    @property
    def duid(self) -> str:
        """Its unique name in the dispatcher's tables."""

    @property
    def uri(self) -> str: ...

    @property
    def lines(self) -> int:
        """Calls that it may hold at once."""


@dataclass(frozen=True)
class CardAddress:
    """A line card as the front knows it: its worker, its SIP port on 127.0.0.1, its lines.

    Attributes:
        slot: slot of its worker.
        number: its number among the cards of that worker.
    """

    slot: int
    number: int
    port: int
    lines: int

    @property
    def duid(self) -> str:
        return f"w{self.slot}-{self.number}"

    @property
    def uri(self) -> str:
        return f"sip:127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Inside:
    """The side of a Kamailio towards its targets, away from the network of the callers.

    Attributes:
        asks: whether it asks its targets by OPTIONS if they take calls; otherwise we tell it.
    """

    address: IPv4Address
    port: int
    answer_timeout_ms: int
    calls_per_second: int
    asks: bool = False

    @property
    def socket(self) -> str:
        return f"udp:{self.address}:{self.port}"


def towards_workers(settings: SipSettings) -> Inside:
    """The inside of a node's front."""
    return Inside(
        LOOPBACK,
        settings.internal_port,
        settings.worker_answer_timeout_ms,
        settings.calls_per_second_per_card,
    )


def service_cfg(settings: SipSettings, inside: Inside, *, debug: int) -> str:
    """The file that kamailio.cfg includes: sockets, sizes, limits, and the places of its tables."""
    lines = ["# Written by the service at each start; changes here are lost."]
    for at, address in enumerate(settings.listen):
        advertise = (
            f" advertise {settings.advertised}:{settings.port}"
            if (at == 0 and settings.advertised)
            else ""
        )
        lines += [
            f"listen=udp:{address}:{settings.port}{advertise}",
            f"listen=tcp:{address}:{settings.port}{advertise}",
        ]
        if settings.tls.on:
            tls = advertise.replace(f":{settings.port}", f":{settings.tls.port}")
            lines.append(f"listen=tls:{address}:{settings.tls.port}{tls}")
    lines += [
        f"listen={inside.socket}",
        *(["#!define WITH_TLS", "enable_tls=yes"] if settings.tls.on else []),
        *(["#!define WITH_REGISTRATIONS"] if settings.registrations else []),
        *(["#!define WITH_PROBING"] if inside.asks else []),
        f"debug={debug}",
        f"children={settings.udp_children}",
        f"tcp_children={settings.tcp_children}",
        "",
        _define("INTERNAL_PORT", inside.port),
        _define("MAX_MESSAGE", settings.max_message_bytes),
        _define("TCP_READ", settings.max_message_bytes + _ROOM_TO_REFUSE),
        _define("WORKER_MESSAGE", _WORKER_TAKES),
        _substitute("NUMBERS_SERVED", numbers_served(settings)),
        _define("WORKER_TIMEOUT", inside.answer_timeout_ms),
        _define("ANSWER_TIMEOUT", inside.answer_timeout_ms + _ANSWERS_WITHIN_MS),
        _substitute("RETRY_AFTER", settings.retry_after_s),
        _define("CALLS_PER_SOURCE", settings.calls_per_second_per_source),
        _define("CALLS_PER_WORKER", inside.calls_per_second),
        _substitute("REALM", REALM),
        _substitute("INTERNAL_SOCKET", inside.socket),
        "",
    ]
    return "\n".join(lines)


def parameters_cfg(settings: SipSettings, directory: Path) -> str:
    """Module parameters that hold paths or numbers of the settings."""
    return "\n".join(
        [
            "# Written by the service at each start; changes here are lost.",
            _parameter("permissions", "address_file", str(directory / "peers.list")),
            _parameter("dispatcher", "list_file", str(directory / "dispatcher.list")),
            *_trunk_parameters(settings, directory),
            _parameter("pike", "reqs_density_per_unit", settings.requests_per_second_per_source),
            _parameter("jsonrpcs", "transport", 4),
            _parameter("jsonrpcs", "dgram_socket", str(directory / "rpc")),
            "",
        ]
    )


def _trunk_parameters(settings: SipSettings, directory: Path) -> list[str]:
    lines = []
    if settings.tls.on:
        lines.append(_parameter("tls", "config", str(directory / "tls.cfg")))
    if settings.registrations:
        contact = settings.advertised or settings.listen[0]
        lines += [
            _parameter("uac", "reg_db_url", f"text://{directory / 'registrations'}"),
            _parameter("uac", "reg_contact_addr", f"{contact}:{settings.port}"),
        ]
    return lines


def dispatcher_list(
    targets: Sequence[Target], inside: Inside, *, without: Collection[str] = ()
) -> str:
    """The destinations of calls: set 1, address, flags, priority, and load limit.

    Those in `without`, by duid, get no calls until they report.
    """
    rows = [
        f"1 {target.uri} {_INACTIVE if target.duid in without else 0} 0 "
        f"duid={target.duid};maxload={target.lines};socket={inside.socket}"
        for target in targets
    ]
    return "\n".join([*rows, ""])


def numbers_served(settings: SipSettings) -> str:
    """A regular expression (POSIX, extended) of the numbers that the IVR serves; others get 404."""
    if ANY_NUMBER in settings.numbers:
        return ".*"
    patterns = [
        *settings.numbers,
        *(registration.number or registration.username for registration in settings.registrations),
    ]
    return "|".join(_pattern(pattern) for pattern in patterns)


def _pattern(number: str) -> str:
    """Convert a pattern: `?` is any digit, `*` any number of digits."""
    written = {"?": "[0-9]", "*": "[0-9]*"}
    return "".join(
        written.get(letter) or (letter if letter.isalnum() else f"[{letter}]")
        for letter in number.translate(_NO_SEPARATORS)
    )


_NO_SEPARATORS = str.maketrans("", "", "-.()")


def _define(name: str, value: int) -> str:
    return f"#!define {name} {value}"


def _substitute(name: str, value: int | str) -> str:
    return f'#!subst "/{name}/{str(value).replace("/", chr(92) + "/")}/g"'


def _parameter(module: str, name: str, value: int | str) -> str:
    shown = str(value) if isinstance(value, int) else f'"{value}"'
    return f'modparam("{module}", "{name}", {shown})'
