"""Programs and files that are missing are told before anything is started."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ivr.preflight import files
from ivr.preflight.programs import kamailio_findings, modules_of, synthesiser_findings
from ivr.settings.service import Settings
from sip_config.kamailio import CONFIGURATION

pytestmark = pytest.mark.service


def settings(**sections: dict[str, Any]) -> Settings:
    return Settings.model_validate(sections)


def test_this_machine_has_kamailio_and_a_synthesiser() -> None:
    assert kamailio_findings(settings().sip) == []
    assert synthesiser_findings() == []


def test_no_kamailio() -> None:
    (finding,) = kamailio_findings(settings(sip={"kamailio": "/no/such/kamailio"}).sip)
    assert str(finding).startswith("sip.kamailio: no program at /no/such/kamailio; install")


def test_another_program_is_no_kamailio() -> None:
    (finding,) = kamailio_findings(settings(sip={"kamailio": "/bin/true"}).sip)
    assert "is no Kamailio" in finding.text


def test_a_kamailio_without_its_modules(tmp_path: Path) -> None:
    program = tmp_path / "kamailio"
    program.write_text(f"#!/bin/sh\necho '  Default paths to modules: {tmp_path}'\n")
    program.chmod(0o755)
    for module in modules_of(CONFIGURATION.read_text(), {}):
        (tmp_path / module).touch()
    sip = settings(sip={"kamailio": str(program)}).sip
    assert kamailio_findings(sip) == []
    (tmp_path / "dispatcher.so").unlink()
    (finding,) = kamailio_findings(sip)
    assert "lacks dispatcher.so" in finding.text


def test_modules_are_wanted_when_their_part_is() -> None:
    text = CONFIGURATION.read_text()
    assert "tls.so" not in set(modules_of(text, {"WITH_TLS": False}))
    assert "tls.so" in set(modules_of(text, {"WITH_TLS": True}))
    assert "dispatcher.so" in set(modules_of(text, {}))


def test_a_data_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (finding,) = files.data_findings(settings(node={"data": str(tmp_path / "file" / "var")}))
    assert finding.setting == "node.data"
    assert "is no folder" in finding.text


def test_a_data_folder_that_cannot_be_written() -> None:
    (finding,) = files.data_findings(settings(node={"data": "/proc/rocars"}))
    assert "cannot be written" in finding.text


def test_a_data_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    (finding,) = files.data_findings(settings(node={"data": str(tmp_path / ("d" * 90))}))
    assert "too long" in finding.text


def test_a_data_folder_that_is_to_be_made(tmp_path: Path) -> None:
    data = Path(os.path.relpath(tmp_path)) / "a" / "b"
    assert files.data_findings(settings(node={"data": str(data)})) == []
    assert not data.exists()


def test_records_in_a_file(tmp_path: Path) -> None:
    def found(path: Path) -> list[str]:
        url = f"sqlite+aiosqlite:///{path}"
        return [f.setting for f in files.records_findings(settings(records={"database_url": url}))]

    assert found(tmp_path / "records.sqlite3") == []
    (tmp_path / "there").touch()
    assert found(tmp_path / "there") == []
    assert found(tmp_path / "there" / "records.sqlite3") == ["records.database_url"]
    assert found(tmp_path) == ["records.database_url"]


def test_recordings_that_are_not_there(tmp_path: Path) -> None:
    assert files.recording_findings(settings()) == []
    (finding,) = files.recording_findings(settings(prompts={"recordings": str(tmp_path)}))
    assert finding.fatal
    assert "yue, cmn, en" in finding.text


def test_a_model_that_is_not_there_leaves_the_keypad(tmp_path: Path) -> None:
    assert files.model_findings(settings()) == []
    (finding,) = files.model_findings(settings(speech={"english_model": str(tmp_path)}))
    assert finding.setting == "speech.models.en"
    assert not finding.fatal
    assert files.model_findings(settings(speech={"enabled": False})) == []
