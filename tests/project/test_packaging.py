"""compose.yaml and the systemd units: what they name exists, and settings in them are settings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

import ivr.node
from ivr.settings.service import Settings, load
from rocars.settings import RocarsSettings
from tests.support.pace import limit

pytestmark = pytest.mark.service

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
UNITS = sorted((Path(ivr.node.__file__).parent / "systemd").glob("*.service"))
FILLED_IN = re.compile(r"\$\{(\w+)(?::[?][^}]*)?\}")
MOST_EXPOSED = 2.0
"""Of ten, as `systemd-analyze security` counts; a service without hardening has 9.6."""


def environment(service: str) -> dict[str, str]:
    given = SERVICES[service]["environment"]
    assert all(isinstance(value, str) for value in given.values()), "YAML made something else of it"
    return {name: FILLED_IN.sub("0123456789abcdef", value) for name, value in given.items()}


def settings_of(service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.chdir(tmp_path)  # no file of this folder
    for name, value in environment(service).items():
        monkeypatch.setenv(name, value)
    return load()


@pytest.mark.parametrize("node", ["hk1", "hk2"])
def test_a_node_of_compose_fits_its_edge(
    node: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = settings_of(node, monkeypatch, tmp_path)
    address = SERVICES[node]["networks"]["telephone"]["ipv4_address"]
    assert settings.node.name == node
    assert [str(own) for own in settings.sip.listen] == [address]
    assert str(settings.telephony.media_address) == address
    (peer,) = settings.sip.peers
    assert peer.edge
    edge = SERVICES["edge"]["networks"]["telephone"]["ipv4_address"]
    assert [str(network) for network in peer.networks] == [f"{edge}/32"]
    assert settings.rocars.base_url == "http://172.30.0.6:8480"


def test_the_edge_of_compose_knows_its_nodes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    edge = settings_of("edge", monkeypatch, tmp_path).edge
    lines = 4 * Settings.model_validate({}).pool.workers
    named = {node.name: (str(node.address), node.lines) for node in edge.nodes}
    assert named == {
        node: (SERVICES[node]["networks"]["telephone"]["ipv4_address"], lines)
        for node in ("hk1", "hk2")
    }


def test_the_reference_rocars_of_compose_takes_its_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment("rocars").items():
        monkeypatch.setenv(name, value)
    settings = RocarsSettings.from_file(None)
    assert settings.listen.host == SERVICES["rocars"]["networks"]["telephone"]["ipv4_address"]
    keys = {SERVICES["rocars"]["environment"]["ROCARS_KEYS__IVR"]}
    keys |= {SERVICES[node]["environment"]["ROCARS_IVR_ROCARS__API_KEY"] for node in ("hk1", "hk2")}
    assert len(keys) == 1


def test_what_compose_names_is_there() -> None:
    """Files, volumes, services waited for, addresses of the network; and no secret."""
    (subnet,) = COMPOSE["networks"]["telephone"]["ipam"]["config"]
    addresses = []
    for name, service in SERVICES.items():
        assert {"image", "restart", "networks"} <= set(service), name
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            there = (ROOT / source).exists() if source.startswith("./") else False
            assert there or source in COMPOSE["volumes"], volume
        if isinstance(service["networks"], dict):
            addresses.append(ip_address(service["networks"]["telephone"]["ipv4_address"]))
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY", variable):
                assert FILLED_IN.fullmatch(value), variable
    assert len(set(addresses)) == len(addresses)
    assert all(address in ip_network(subnet["subnet"]) for address in addresses)
    jobs = yaml.safe_load((ROOT / "ivr/observe/monitoring/prometheus.yaml").read_text())
    (targets,) = jobs["scrape_configs"][0]["static_configs"]
    assert {target.partition(":")[0] for target in targets["targets"]} <= set(SERVICES)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit_and_finds_it_guarded(unit: Path, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed: UNITS NOT CHECKED")
    installed = Path(sys.executable).parent
    tried = tmp_path / unit.name
    tried.write_text(unit.read_text().replace("/opt/rocars-ivr/.venv/bin", str(installed)))
    for words in (
        ("verify", "--man=no", str(tried)),
        ("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", str(tried)),
    ):
        done = subprocess.run(
            [program, "--no-pager", *words],
            capture_output=True,
            text=True,
            timeout=limit(60),
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_waits_longer_than_a_drain_and_names_settings(
    unit: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = unit.read_text()
    monkeypatch.chdir(tmp_path)
    for name, value in re.findall(r"^Environment=(\w+)=(.*)$", text, re.MULTILINE):
        if name != "ROCARS_IVR_CONFIG":  # a file of the machine it runs on
            monkeypatch.setenv(name, value)
    settings = load()
    (waits,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert int(waits) > settings.pool.drain_deadline_s + 60
    (state,) = re.findall(r"^StateDirectory=(.*)$", text, re.MULTILINE)
    assert settings.node.data == Path("/var/lib") / state
