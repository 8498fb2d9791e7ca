"""Programs of the classic BPF that filter packets in the kernel before a socket gets them.

(Linux, Documentation/networking/filter.rst; socket(7), SO_ATTACH_REUSEPORT_CBPF.) They cost nothing
per packet here, and need no privilege.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address

Instruction = tuple[int, int, int, int]
"""Code, jump distance if true, jump distance if false, constant (`struct sock_filter`)."""
Program = tuple[Instruction, ...]

SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27
SO_ATTACH_REUSEPORT_CBPF = 51

_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE, _LOAD_LENGTH = 0x20, 0x28, 0x30, 0x80
_AND, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x54, 0x15, 0x35, 0x06
_NETWORK_HEADER = 0xFFF00000
_SENDERS_ADDRESS = _NETWORK_HEADER + 12
_SENDERS_PORT = 0
_ALL_OF_IT = 0xFFFF

_VERSION_2_ALONE = 0x80
_FIRST_DYNAMIC = 96
PLAIN_EVENT = (12 + 4,)
"""Length of an RTP packet with one event."""


def only_from(
    addresses: Collection[IPv4Address],
    port: int | None = None,
    *,
    but_ports: Collection[int] = (),
) -> Program:
    """A filter for a UDP socket that only accepts packets of these senders.

    `port`: the only port of the sender that is accepted; otherwise `but_ports` are refused.
    """
    known = sorted(addresses)
    ports = [(other, False) for other in sorted(but_ports)] if port is None else [(port, True)]
    end = 1 + len(known) + 1 + (1 + len(ports)) + 1
    program: list[Instruction] = [(_LOAD_WORD, 0, 0, _SENDERS_ADDRESS)]
    for number, address in enumerate(known):
        to_the_port = len(known) - number
        program.append((_IF_EQUAL, to_the_port, 0, int(address)))
    program += [(_RETURN, 0, 0, 0), (_LOAD_HALF, 0, 0, _SENDERS_PORT)]
    for value, wanted in ports:
        away = end - len(program) - 1
        program.append((_IF_EQUAL, 0, away, value) if wanted else (_IF_EQUAL, away, 0, value))
    return (*program, (_RETURN, 0, 0, _ALL_OF_IT), (_RETURN, 0, 0, 0))


def second_for_events_but(agreed: int, lengths: Sequence[int] = PLAIN_EVENT) -> Program:
    """For two sockets on a port: the second gets telephone-events, unless they have this payload
    type.

    A packet with four bytes of payload (`lengths`: of the whole packet) and a dynamic payload type
    (RFC 3551, 6) is an event: sound is longer.
    """
    *others, last = lengths
    of_length = [(_IF_EQUAL, len(others) - at, 0, length) for at, length in enumerate(others)]
    return (
        (_LOAD_LENGTH, 0, 0, 0),
        *of_length,
        (_IF_EQUAL, 0, 8, last),
        (_LOAD_BYTE, 0, 0, 0),
        (_IF_EQUAL, 0, 6, _VERSION_2_ALONE),
        (_LOAD_BYTE, 0, 0, 1),
        (_AND, 0, 0, 0x7F),
        (_IF_AT_LEAST, 0, 3, _FIRST_DYNAMIC),
        (_IF_EQUAL, 2, 0, agreed if agreed >= 0 else 0),
        (_RETURN, 0, 0, 1),
        (_RETURN, 0, 0, 0),
        (_RETURN, 0, 0, 0),
    )


def attach(descriptor: int, option: int, program: Program) -> None:
    """Have the kernel run this program for the socket with this descriptor. Raises OSError."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    memory = ctypes.create_string_buffer(code, len(code))
    fprog = struct.pack("HxxxxxxP", len(program), ctypes.addressof(memory))
    with _same_socket(descriptor) as sock:
        sock.setsockopt(socket.SOL_SOCKET, option, fprog)


def let_everybody_in(descriptor: int) -> None:
    """Remove the filter of `only_from`."""
    with _same_socket(descriptor) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
        except FileNotFoundError:  # there was none
            return


def share_port(descriptor: int, agreed: int, lengths: Sequence[int] = PLAIN_EVENT) -> socket.socket:
    """A second socket on the port of this one, for events of other numbers. Raises OSError.

    The first socket is set to share its port only after it was bound, so it never got a port in
    use.
    """
    with _same_socket(descriptor) as first:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            second.setblocking(False)
            second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            second.bind(first.getsockname())
            attach(descriptor, SO_ATTACH_REUSEPORT_CBPF, second_for_events_but(agreed, lengths))
        except OSError:
            second.close()
            raise
    return second


def _same_socket(descriptor: int) -> socket.socket:
    """Not `socket.dup`, whose copy would make the library's socket blocking."""
    return socket.socket(fileno=os.dup(descriptor))
