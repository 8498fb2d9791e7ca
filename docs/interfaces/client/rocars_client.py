"""Sends messages of consignments to ROCARS, reads what came of them, and takes pushed results.

    export ROCARS_URL=http://127.0.0.1:8480 ROCARS_KEY=rocars_...
    python rocars_client.py send message.json      # under an ID made of its content
    python rocars_client.py result ID              # waits until all orders are done
    python rocars_client.py receive 9000           # prints results that are pushed to this port

Python 3.11 and nothing else. For signed requests (`python rocars_client.py new-key`, then
ROCARS_SIGNING_KEY) and for `receive`: pip install http-message-signatures. Take what you need of
it: it may be used without conditions (CC0 1.0).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import secrets
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

URL = os.environ.get("ROCARS_URL", "http://127.0.0.1:8480").rstrip("/")
LONGEST_PAUSE_S = 60.0
GIVE_UP_S = 3600.0
MEDIA_TYPES = {".json": "application/json", ".xml": "application/xml"}


class Refused(Exception):
    """ROCARS understood and will not do it; sending the same again is no use."""


def ask(method: str, path: str, body: bytes | None = None, media_type: str = "") -> Any:
    """One request, sent again until there is an answer. That is safe: a message is taken once, by
    its ID, however often it comes. Raises Refused, TimeoutError."""
    pause, until = 0.5, time.monotonic() + GIVE_UP_S
    while True:
        headers = {"X-Api-Key": os.environ["ROCARS_KEY"]}
        if body is not None:
            headers["Content-Type"] = media_type
        if "ROCARS_SIGNING_KEY" in os.environ:
            sign(method, URL + path, headers, body or b"")
        request = urllib.request.Request(URL + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 429 and error.code < 500:
                raise Refused(f"{error.code}: {error.read().decode()}") from None
            wait = float(error.headers.get("Retry-After") or pause)
        except OSError:  # no connection, or it broke off: nobody knows whether it was taken
            wait = pause
        if time.monotonic() > until:
            raise TimeoutError(f"no answer to {method} {path}")
        time.sleep(wait * random.uniform(1.0, 1.2))
        pause = min(pause * 2, LONGEST_PAUSE_S)


def sign(method: str, url: str, headers: dict[str, str], body: bytes) -> None:
    """Sign a request with the private key of ROCARS_SIGNING_KEY (RFC 9421)."""
    from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
    from http_message_signatures.algorithms import ED25519

    key = private_key(os.environ["ROCARS_SIGNING_KEY"])
    key_id = headers["X-Api-Key"].split("_")[1]
    signer = HTTPMessageSigner(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: key}),
    )
    query = ("@query",) if "?" in url else ()
    signer.sign(
        Message(method, url, headers),
        key_id=key_id,
        nonce=secrets.token_urlsafe(16),
        covered_component_ids=("@method", "@authority", "@path", *query),
        body=body or None,
    )


class Message:
    """A request as the library signs and verifies it."""

    def __init__(self, method: str, url: str, headers: Any) -> None:
        self.method, self.url, self.headers = method, url, headers


def private_key(text: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text))


def new_key() -> None:
    """Print a private key to keep, and the public key to have registered with your API key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    print("ROCARS_SIGNING_KEY=" + base64.b64encode(key.private_bytes_raw()).decode())
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    print("public key to be registered: " + public)


def send(file: Path) -> None:
    """Send a file of orders. Its ID comes of its content, so that the same file is one message;
    where your system numbers its messages, take that number."""
    body = file.read_bytes()
    message = hashlib.sha256(body).hexdigest()[:32]
    status = ask("PUT", f"/v1/messages/{message}", body, MEDIA_TYPES[file.suffix])
    print(f"{message}: {status['orders']} orders, {status['state']}")


def result(message: str) -> None:
    """Wait for the last order, then print what came of each."""
    while (status := ask("GET", f"/v1/messages/{message}"))["state"] != "done":
        time.sleep(1)
    show(status)


def show(status: dict[str, Any]) -> None:
    for order in status["results"]:
        why = order["code"] or "; ".join(
            f"{error['item']}: expected {error['expected']}" for error in order["errors"]
        )
        line = (order["place"], order["do"], order["reference"], order["ccrn"], order["result"])
        print(*line, order["state"] or "", why or "", sep="\t")


def receive(port: int) -> None:
    """Take pushed results on this machine, and print those whose signature is right. Behind a proxy
    with TLS, say in ROCARS_PUSH_URL which address was registered: it is part of what is signed."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here = f"http://127.0.0.1:{self.server.server_port}{self.path}"
            url = os.environ.get("ROCARS_PUSH_URL", here)
            right = verified(Message("POST", url, self.headers), body)
            # ROCARS sends again whatever is not answered 2xx, and perhaps what is: keep what you
            # know by the ID of the message.
            self.send_response(204 if right else 401)
            self.end_headers()
            if right:
                show(json.loads(body))
                sys.stdout.flush()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", port), Receiver) as server:
        print(f"listening on {server.server_port}", flush=True)
        server.serve_forever()


def verified(message: Message, body: bytes) -> bool:
    """Whether ROCARS pushed this, with this content and to this address."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from http_message_signatures import (
        HTTPMessageSignaturesException,
        HTTPMessageVerifier,
        MappingKeyResolver,
    )
    from http_message_signatures.algorithms import ED25519

    with urllib.request.urlopen(URL + "/v1/push-keys", timeout=30) as answer:
        published = json.load(answer)["keys"]
    keys = {
        key["id"]: Ed25519PublicKey.from_public_bytes(base64.b64decode(key["public_key"]))
        for key in published
    }
    verifier = HTTPMessageVerifier(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys=keys, private_keys={}),
    )
    try:
        verifier.verify(
            message,
            expect_tag="rocars-push",
            require_components=("@method", "@target-uri", "content-type"),
            body=body,
        )
    except HTTPMessageSignaturesException as error:
        print(f"not of ROCARS: {error}", file=sys.stderr)
        return False
    return True


def main(words: list[str]) -> int:
    try:
        match words:
            case ["send", file]:
                send(Path(file))
            case ["result", message]:
                result(message)
            case ["receive", port]:
                receive(int(port))
            case ["new-key"]:
                new_key()
            case _:
                print(__doc__)
                return 2
    except (Refused, TimeoutError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
