"""Certificates for tests, by an authority that lives as long as the test."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

import trustme


@dataclass
class Certificates:
    """An authority, our certificate by it, and one for a peer."""

    directory: Path
    ca: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        ours = self.ca.issue_cert("127.0.0.1")
        (self.directory / "cert.pem").write_bytes(
            b"".join(pem.bytes() for pem in ours.cert_chain_pems)
        )
        ours.private_key_pem.write_to_path(self.directory / "key.pem")
        self.ca.cert_pem.write_to_path(self.directory / "ca.pem")

    def settings(self, port: int, *, mutual: bool = False) -> dict[str, object]:
        more = {"peers_ca": self.directory / "ca.pem"} if mutual else {}
        return {
            "certificate": self.directory / "cert.pem",
            "private_key": self.directory / "key.pem",
            "port": port,
            **more,
        }

    def client(self, *, with_own: bool = False) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        if with_own:
            self.ca.issue_cert("pbx.example.org").configure_cert(context)
        return context
