"""Ports that are taken are told in one line: what, by whom, and which setting moves it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ivr.preflight.holders import holders
from ivr.preflight.port_list import Port, PortGroup, RtpRange, Transport, node_ports, rtp_ranges
from ivr.preflight.ports import Trial, port_findings, tried
from ivr.settings.service import Settings
from tests.support.ports import free_ports as free_neighbours

pytestmark = pytest.mark.service

HERE = "127.0.0.1"
KINDS = {Transport.UDP: socket.SOCK_DGRAM, Transport.TCP: socket.SOCK_STREAM}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def held(stack: ExitStack, transport: Transport, number: int, address: str = HERE) -> Port:
    sock = stack.enter_context(socket.socket(socket.AF_INET, KINDS[transport]))
    sock.bind((address, number))
    if transport is Transport.TCP:
        sock.listen()
    return Port(transport, HERE, number)


def group(*ports: Port, setting: str = "sip.port") -> PortGroup:
    return PortGroup(setting, "SIP of callers", ports[0].number, ports)


@pytest.mark.parametrize("transport", list(Transport))
@pytest.mark.parametrize("address", [HERE, "0.0.0.0"])
def test_a_port_somebody_has_is_told_with_their_name(
    stack: ExitStack, transport: Transport, address: str
) -> None:
    port = held(stack, transport, free_neighbours(1), address)
    assert tried(port) is Trial.HELD
    (finding,) = port_findings([group(port)], [])
    assert finding.setting == "sip.port"
    assert finding.fatal
    text = str(finding)
    assert text.startswith(f"sip.port: {transport} {HERE}:{port.number} ")
    assert f"(process {os.getpid()})" in text
    assert "\n" not in text


def test_a_program_for_all_addresses_of_ipv6_is_found(stack: ExitStack) -> None:
    number = free_neighbours(1)
    both = stack.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_STREAM))
    both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    both.bind(("::", number))
    both.listen()
    port = Port(Transport.TCP, HERE, number)
    assert tried(port) is Trial.HELD
    assert holders([port])[port].pid == os.getpid()


def test_another_program_is_named_by_what_it_runs() -> None:
    number = free_neighbours(1)
    program = (
        "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM); "
        f"s.bind(('{HERE}', {number})); print('there', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, "--password=hidden"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert other.stdout is not None
        other.stdout.readline()
        (finding,) = port_findings([group(Port(Transport.UDP, HERE, number))], [])
        assert "python" in finding.text
        assert f"(process {other.pid})" in finding.text
        assert "hidden" not in finding.text
    finally:
        assert other.stdin is not None
        other.communicate()


def test_all_ports_of_a_setting_make_one_line(stack: ExitStack) -> None:
    first = free_neighbours(3)
    ports = [held(stack, Transport.UDP, first + step) for step in (0, 2)]
    free = Port(Transport.UDP, HERE, first + 1)
    (finding,) = port_findings([group(ports[0], free, ports[1])], [])
    assert f"UDP {HERE}:{first}, {first + 2} " in finding.text


def test_what_our_own_node_holds_is_well(stack: ExitStack) -> None:
    port = held(stack, Transport.TCP, free_neighbours(1))
    assert port_findings([group(port)], [], frozenset({os.getpid()})) == []


def test_connections_that_end_keep_no_tcp_port() -> None:
    number = free_neighbours(1)
    with socket.create_server((HERE, number)) as server:
        caller = socket.create_connection((HERE, number))
        answered, _ = server.accept()
        answered.close()  # the one that closes first waits (TIME-WAIT, RFC 9293, 3.6)
        caller.close()
    assert tried(Port(Transport.TCP, HERE, number)) is Trial.FREE


def test_an_address_of_another_machine_is_told() -> None:
    number = free_neighbours(1)
    (finding,) = port_findings([group(Port(Transport.UDP, "192.0.2.1", number))], [])
    assert finding.setting == "sip.listen"
    assert "192.0.2.1" in finding.text
    ranges = [RtpRange(0, "192.0.2.1", 20000, 64)]
    (finding,) = port_findings([], ranges)
    assert finding.setting == "telephony.media_address"


def test_two_settings_cannot_have_the_same_port() -> None:
    port = Port(Transport.TCP, HERE, free_neighbours(1))
    findings = port_findings([group(port), group(port, setting="web.port")], [])
    assert [finding.setting for finding in findings] == ["web.port"]
    assert "sip.port" in findings[0].text


def test_held_rtp_ports_matter_when_too_few_are_left(stack: ExitStack) -> None:
    first = free_neighbours(26)
    first += first % 2
    card = RtpRange(3, HERE, first, 24)
    for number in range(first, first + 8, 2):
        held(stack, Transport.UDP, number)
    assert port_findings([], [card]) == []
    held(stack, Transport.UDP, first + 9)  # RTCP of the fifth pair
    (finding,) = port_findings([], [card])
    assert finding.setting == "telephony.rtp_port_first"
    assert "line card 3" in finding.text
    assert " 7 are free" in finding.text


def test_the_list_has_every_port_of_the_settings() -> None:
    settings = Settings.model_validate(
        {
            "sip": {"listen": ["127.0.0.1", "127.0.0.2"], "port": 6000, "internal_port": 6001},
            "telephony": {"sip_port": 6010, "rtp_port_first": 30000, "rtp_ports_per_card": 32},
            "pool": {"workers": 2, "cards_per_worker": 3},
            "web": {"port": 6020},
            "embedded_rocars": {"port": 6021, "portal_port": 6022},
            "handset": {"port": 6023},
        }
    )
    found = {port for group in node_ports(settings) for port in group.ports}
    assert found == {
        *(Port(kind, at, 6000) for kind in Transport for at in ("127.0.0.1", "127.0.0.2")),
        Port(Transport.UDP, HERE, 6001),
        *(Port(Transport.UDP, HERE, number) for number in range(6010, 6016)),
        Port(Transport.TCP, HERE, 6020),
        Port(Transport.TCP, HERE, 6021),
        Port(Transport.TCP, HERE, 6022),
        Port(Transport.TCP, HERE, 6023),
    }
    assert [card.first for card in rtp_ranges(settings)] == list(range(30000, 30192, 32))


def test_ports_that_may_be_any_are_not_tried() -> None:
    settings = Settings.model_validate(
        {
            "telephony": {"rtp_port_first": 0},
            "web": {"port": 0},
            "embedded_rocars": {"enabled": False},
        }
    )
    assert rtp_ranges(settings) == []
    names = {group.setting for group in node_ports(settings)}
    assert names == {"sip.port", "sip.internal_port", "telephony.sip_port"}
