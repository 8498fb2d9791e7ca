"""SIP messages as text: as much as a proxy must read and change (RFC 3261, 16)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHORT = {
    "Call-ID": "i",
    "Contact": "m",
    "Content-Length": "l",
    "Content-Type": "c",
    "From": "f",
    "Refer-To": "r",
    "To": "t",
    "Via": "v",
}
"""Compact forms of header names (RFC 3261, 7.3.3)."""


@dataclass(frozen=True)
class Message:
    """One SIP message: start line, header lines, body."""

    start: str
    headers: tuple[str, ...]
    body: str

    @classmethod
    def read(cls, data: bytes) -> Message | None:
        """Read a datagram; None if it contains no message (a keep-alive, for example)."""
        head, _, body = data.decode("utf-8", errors="surrogateescape").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        if "SIP/2.0" not in start:
            return None
        unfolded: list[str] = []
        for line in lines:
            if line[:1] in (" ", "\t") and unfolded:
                unfolded[-1] += " " + line.strip()
            elif line:
                unfolded.append(line)
        return cls(start, tuple(unfolded), body)

    def data(self) -> bytes:
        """The message as a datagram, with the right Content-Length."""
        kept = [line for line in self.headers if not _named(line, "Content-Length")]
        length = len(self.body.encode("utf-8", errors="surrogateescape"))
        text = "\r\n".join([self.start, *kept, f"Content-Length: {length}", "", self.body])
        return text.encode("utf-8", errors="surrogateescape")

    @property
    def is_request(self) -> bool:
        return not self.start.startswith("SIP/2.0")

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.start.split(" ")[0] if self.is_request else self.header("CSeq").split(" ")[-1]

    @property
    def status(self) -> int:
        """The status of a response; 0 for a request."""
        return 0 if self.is_request else int(self.start.split(" ")[1])

    @property
    def uri(self) -> str:
        """Request-URI."""
        return self.start.split(" ")[1]

    def header(self, name: str) -> str:
        """Value of the first header of that name; empty if there is none."""
        for line in self.headers:
            if _named(line, name):
                return line.partition(":")[2].strip()
        return ""

    def values(self, name: str) -> list[str]:
        """Values of all headers of that name, with lists split."""
        found: list[str] = []
        for line in self.headers:
            if _named(line, name):
                found += [value.strip() for value in line.partition(":")[2].split(",")]
        return found

    def with_start(self, start: str) -> Message:
        return Message(start, self.headers, self.body)

    def with_body(self, body: str) -> Message:
        return Message(self.start, self.headers, body)

    def with_first(self, name: str, value: str) -> Message:
        """The message with one more header of that name, before all others."""
        return Message(self.start, (f"{name}: {value}", *self.headers), self.body)

    def without_first(self, name: str) -> Message:
        """The message without the first value of that header."""
        headers = list(self.headers)
        for at, line in enumerate(headers):
            if _named(line, name):
                rest = line.partition(":")[2].partition(",")[2].strip()
                headers[at : at + 1] = [f"{name}: {rest}"] if rest else []
                break
        return Message(self.start, tuple(headers), self.body)


def address_of(uri: str) -> tuple[str, int]:
    """Host and port of a SIP URI, with or without angle brackets. Raises ValueError."""
    match = re.search(r"sip:(?:[^@>;]*@)?([^:;>?]+)(?::(\d+))?", uri)
    if match is None:
        raise ValueError(f"expected a SIP URI, not {uri}")
    return match[1], int(match[2] or 5060)


def _named(line: str, name: str) -> bool:
    before = line.partition(":")[0].strip().lower()
    return before in (name.lower(), _SHORT.get(name, name).lower())
