"""One service that takes calls by UDP, TCP and TLS, for whoever calls it here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.certificates import Certificates
from tests.support.ports import free_ports
from tests.support.reached import Reached
from tests.support.service import Service


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    directory = tmp_path_factory.mktemp("interop")
    tls = Certificates(directory).settings(free_ports(1))
    service = Service(
        directory,
        {
            "pool": {"workers": 1},
            "sip": {
                "tls": {name: str(value) for name, value in tls.items()} | {"port": tls["port"]}
            },
        },
    )
    service.start()
    yield Reached(service, int(str(tls["port"])), directory / "ca.pem")
    service.stop()
