"""Settings of the front, and the tables made of them."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from sip_config.service_cfg import CardAddress, dispatcher_list, towards_workers
from sip_config.settings import Peer, SipSettings
from sip_config.trunk_tables import peers_list

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"listen": ["nowhere"]}, r"listen.0\n.*valid IPv4 address"),
        ({"listen": []}, r"listen\n.*at least 1 item"),
        ({"port": 5062, "internal_port": 5062}, "expected internal_port to differ from port"),
        ({"port": 70000}, r"port\n.*less than or equal to 65535"),
        ({"listen": ["127.0.0.1", "127.0.0.1"]}, "expected each address once"),
        ({"peers": [{"name": "No Name", "networks": ["10.0.0.0/8"]}]}, r"name\n.*match pattern"),
        ({"peers": [{"name": "pbx", "networks": ["10.0.0.1/8"]}]}, r"networks.0\n.*IPv4 network"),
        ({"peers": []}, r"peers\n.*at least 1 item"),
        ({"peers": [{"name": "a", "networks": ["10.0.0.1/32"], "security": "tls"}]}, "over TLS"),
        ({"peers": [{"name": "a", "networks": ["10.0.0.1/32"], "username": "b"}]}, "or neither"),
        ({"peers": [{"name": "a", "networks": ["10.0.0.1/32"]}] * 2}, "each name in peers once"),
        ({"tls": {"certificate": "/etc/hostname"}}, "certificate and private_key, or neither"),
        ({"tls": {"certificate": "/no", "private_key": "/no"}}, "certificate to be a file: /no"),
        ({"registrations": [{"name": "a", "registrar": "x y"}]}, r"registrar\n.*match pattern"),
        ({"max_message_bytes": 66_000}, r"max_message_bytes\n.*less than or equal to 65000"),
        ({"prot": 5060}, r"prot\n.*not permitted"),
    ],
)
def test_wrong_settings_say_what_was_expected(given: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        SipSettings.model_validate(given)


def test_tables() -> None:
    peer = Peer(name="pbx", networks=(IPv4Network("192.0.2.0/24"), IPv4Network("10.0.0.1/32")))
    assert peers_list(SipSettings(peers=(peer,))) == "1 192.0.2.0 24 0 pbx\n1 10.0.0.1 32 0 pbx\n"
    assert dispatcher_list([CardAddress(3, 1, 40000, 4)], towards_workers(SipSettings())) == (
        "1 sip:127.0.0.1:40000 0 0 duid=w3-1;maxload=4;socket=udp:127.0.0.1:5062\n"
    )
