"""Free ports in place of those that are taken; no two services find the same."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.cli import starting
from ivr.cli.config import loaded
from ivr.preflight.free_ports import Claims, claim_as_set, free_ports
from ivr.preflight.node import node_findings
from ivr.preflight.port_list import CARDS
from ivr.settings.card_ports import FIRST_CARD_PORT
from ivr.settings.known import environment_name
from ivr.settings.service import Settings
from tests.support.ports import free_ports as free_neighbours

pytestmark = pytest.mark.service


@pytest.fixture
def settings() -> Settings:
    first = free_neighbours(220)
    rtp = first + 20
    return Settings.model_validate(
        {
            "sip": {"port": first, "internal_port": first + 1},
            "telephony": {"sip_port": first + 2, "rtp_port_first": rtp + rtp % 2},
            "web": {"port": first + 8},
            "embedded_rocars": {"port": first + 9, "portal_port": first + 10},
            "handset": {"port": first + 11},
        }
    )


@pytest.fixture
def claims() -> Iterator[Claims]:
    claims = Claims()
    yield claims
    claims.release_all()


def every(setting: str) -> bool:
    return True


def test_nothing_moves_while_all_is_free(settings: Settings, claims: Claims) -> None:
    assert free_ports(settings, every, claims) == []


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_taken_port_moves_alone(settings: Settings, claims: Claims, kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", settings.sip.port))
        if kind is socket.SOCK_STREAM:
            other.listen()
        (move,) = free_ports(settings, every, claims)
    assert (move.setting, move.usual) == ("sip.port", settings.sip.port)
    assert move.now != settings.sip.port


def test_workers_move_together(settings: Settings, claims: Claims) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", settings.telephony.sip_port + 2))
        (move,) = free_ports(settings, every, claims)
    assert move.setting == "telephony.sip_port"
    assert move.now >= settings.telephony.sip_port + 3


def test_what_was_set_on_purpose_stays(settings: Settings, claims: Claims) -> None:
    with socket.create_server(("127.0.0.1", settings.web.port)):
        assert free_ports(settings, lambda setting: setting != "web.port", claims) == []


def test_nothing_moves_where_another_setting_will_be(settings: Settings, claims: Claims) -> None:
    held = settings.telephony.sip_port
    web = settings.web.model_copy(update={"port": held + 3})  # beside the three cards
    moved = settings.model_copy(update={"web": web})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", held))
        (move,) = free_ports(moved, lambda setting: setting == "telephony.sip_port", claims)
    assert web.port not in range(move.now, move.now + 3)


def test_two_that_start_at_once_take_different_ports(settings: Settings, claims: Claims) -> None:
    second = Claims()
    try:
        assert free_ports(settings, every, claims) == []
        moved = {move.setting: move.now for move in free_ports(settings, every, second)}
    finally:
        second.release_all()
    assert set(moved) == {
        "sip.port",
        "sip.internal_port",
        "telephony.sip_port",
        "telephony.rtp_port_first",
        "web.port",
        "embedded_rocars.port",
        "embedded_rocars.portal_port",
        "handset.port",
    }


def test_a_service_with_its_own_ports_is_left_in_peace(settings: Settings, claims: Claims) -> None:
    claim_as_set(settings, claims)
    second = Claims()
    try:
        assert len(free_ports(settings, every, second)) == 8
    finally:
        second.release_all()


def test_claims_are_held_until_they_are_let_go() -> None:
    name = f"port/{free_neighbours(1)}"
    first, second = Claims(), Claims()
    assert first.claim(name)
    assert not first.claim(name)
    assert not second.claim(f"{name}/other", name)
    assert first.claim(f"{name}/other")  # the second took all or nothing
    first.release_all()
    assert second.claim(name)
    second.release_all()


def test_line_cards_that_may_have_any_ports_move_without_being_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claims: Claims
) -> None:
    """`telephony.sip_port = 0` is the default, and the usual ports may be somebody else's."""
    name = environment_name(("telephony", "sip_port"))
    monkeypatch.setenv(name, "0")  # and put back what the move sets
    monkeypatch.setattr(starting, "_claims", claims)
    config = tmp_path / "rocars-ivr.toml"
    config.write_text("")
    settings, given = loaded(config)
    assert [finding.setting for finding in node_findings(settings)].count(CARDS) == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        with contextlib.suppress(OSError):  # or another holds it already
            other.bind(("127.0.0.1", FIRST_CARD_PORT + 1))
        moved = starting.with_free_ports(config, settings, given, None, find_all=False)
    assert moved.telephony.sip_port > FIRST_CARD_PORT + 1
    assert moved.web == settings.web
