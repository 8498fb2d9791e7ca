"""Signed requests (RFC 9421): only what is signed as it should be opens anything, and once."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.rocars.conftest import Reply, World
from tests.rocars.systems.conftest import System, client_module, system_of

pytestmark = pytest.mark.service

CLIENT = client_module()


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> Ed25519PrivateKey:
    """The key of a company's system, as its client has it."""
    key = Ed25519PrivateKey.generate()
    monkeypatch.setenv("ROCARS_SIGNING_KEY", base64.b64encode(key.private_bytes_raw()).decode())
    return key


@pytest.fixture
async def system(small_world: World, private: Ed25519PrivateKey) -> System:
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    return await system_of(small_world, public_key=public)


def signed(
    system: System, method: str, path: str, body: bytes = b"", kind: str = "application/json"
) -> dict[str, str]:
    """The headers of a request, as the client of the docs signs it."""
    headers = {"X-Api-Key": system.key, "Content-Type": kind}
    CLIENT.sign(method, system.world.running.base_url + path, headers, body)
    return headers


async def put(
    system: System, headers: dict[str, str], content: bytes, path: str = "/v1/messages/m-1"
) -> Reply:
    return await system.world.ask("PUT", path, role=None, raw=content, extra=headers)


def orders(system: System) -> bytes:
    return json.dumps({"orders": [system.lodge()]}).encode()


async def test_what_is_signed_is_done(system: System) -> None:
    content = orders(system)
    sent = await put(system, signed(system, "PUT", "/v1/messages/m-1", content), content)
    assert sent.status == 202, sent.body
    cargo = json.dumps(system.world.cargo_data()).encode()
    lodged = await system.world.ask(
        "POST",
        "/v1/consignments",
        raw=cargo,
        role=None,
        extra=signed(system, "POST", "/v1/consignments", cargo),
    )
    assert lodged.status == 201, lodged.body
    path = f"/v1/consignments/{lodged.body['ccrn']}/withdraw?company=BR-1"
    headers = signed(system, "POST", path)
    withdrawn = await system.world.ask("POST", path, role=None, extra=headers)
    assert withdrawn.status == 200, withdrawn.body


async def test_what_is_not_signed_is_refused(system: System) -> None:
    reply = await system.send("m-1", [system.lodge()])
    assert (reply.status, reply.code) == (401, "signature_refused")
    assert reply.headers["WWW-Authenticate"] == 'ApiKey realm="rocars"'
    assert "content-digest" in reply.headers["Accept-Signature"]


@pytest.mark.parametrize("spoilt", ["content", "path", "method", "nonce", "digest", "old"])
async def test_what_was_signed_otherwise_is_refused(system: System, spoilt: str) -> None:
    content = orders(system)
    headers = signed(system, "PUT", "/v1/messages/m-1", content)
    path = "/v1/messages/m-1"
    if spoilt == "content":
        content = content.replace(b"12", b"13")
    elif spoilt == "path":
        path = "/v1/messages/m-2"
    elif spoilt == "method":
        headers = signed(system, "POST", path, content)
    elif spoilt == "nonce":
        headers["Signature-Input"] = headers["Signature-Input"].replace('nonce="', 'nonce="x')
    elif spoilt == "digest":  # signed, but without the content
        headers = signed(system, "PUT", path)
    else:
        headers["Signature-Input"] = _older(headers["Signature-Input"])
    reply = await put(system, headers, content, path)
    assert (reply.status, reply.code) == (401, "signature_refused")
    assert (await _status(system, path)).code == "unknown_message"


def _older(signature_input: str) -> str:
    before, _, rest = signature_input.partition("created=")
    created, _, after = rest.partition(";")
    return f"{before}created={int(created) - 3600};{after}"


async def _status(system: System, path: str) -> Reply:
    headers = signed(system, "GET", path)
    return await system.world.ask("GET", path, role=None, extra=headers)


async def test_a_request_that_is_sent_again_by_somebody_else_is_refused(system: System) -> None:
    content = orders(system)
    headers = signed(system, "PUT", "/v1/messages/m-1", content)
    assert (await put(system, headers, content)).status == 202
    again = await put(system, headers, content)
    assert (again.status, again.code, again.body["subject"]) == (401, "signature_refused", "nonce")
    headers = signed(system, "PUT", "/v1/messages/m-1", content)
    assert (await put(system, headers, content)).status == 202


async def test_another_key_signs_for_nobody(system: System, monkeypatch: Any) -> None:
    other = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
    monkeypatch.setenv("ROCARS_SIGNING_KEY", other)
    content = orders(system)
    reply = await put(system, signed(system, "PUT", "/v1/messages/m-1", content), content)
    assert (reply.status, reply.code) == (401, "signature_refused")
