"""The settings of the whole service hold together, and the commands that show them."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.cli import config, db
from ivr.preflight.port_list import node_ports
from ivr.records.migrations import head
from ivr.settings.known import environment_name, known_settings
from ivr.settings.reference import example
from ivr.settings.service import Settings, SettingsError, load
from tests.support.ports import free_ports

pytestmark = pytest.mark.service


@pytest.fixture(autouse=True)
def _an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("ROCARS_IVR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def run(app: object, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)  # type: ignore[arg-type]
    return result.exit_code, result.output


def test_defaults_listen_on_loopback_only() -> None:
    settings = load()
    assert settings.web.host == "127.0.0.1"
    assert settings.web.port == 8080
    assert settings.embedded_rocars.enabled
    assert settings.records_url.endswith("/var/records.sqlite3")


def test_every_setting_says_what_it_means() -> None:
    silent = [setting.name for setting in known_settings(Settings) if not setting.meaning]
    assert silent == []


def test_a_file_here_or_named_by_the_environment_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("rocars-ivr.toml").write_text("[web]\nport = 8181\n")
    assert load().web.port == 8181
    other = tmp_path / "other.toml"
    other.write_text("[web]\nport = 8282\n")
    monkeypatch.setenv("ROCARS_IVR_CONFIG", str(other))
    assert load().web.port == 8282
    monkeypatch.setenv("ROCARS_IVR_WEB__PORT", "8383")
    assert load(Path("rocars-ivr.toml")).web.port == 8383


def test_a_wrong_database_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROCARS_IVR_RECORDS__DATABASE_URL", "mysql://ivr:s3cr3t@db/records")
    with pytest.raises(SettingsError) as wrong:
        load()
    assert "records.database_url (environment ROCARS_IVR_RECORDS__DATABASE_URL): expected" in str(
        wrong.value
    )
    assert "s3cr3t" not in str(wrong.value)


def test_the_example_of_the_whole_service_is_its_defaults(tmp_path: Path) -> None:
    lines = example(Settings).splitlines()
    bare = [line[1:] if line[:1] == "#" and line[:2] != "# " else line for line in lines]
    file = tmp_path / "all.toml"
    file.write_text("\n".join(bare))
    assert load(file) == Settings()


def test_config_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    for group in node_ports(load()):  # other tests hold the usual ones
        free = str(free_ports(len(group.ports)))
        monkeypatch.setenv(environment_name(tuple(group.setting.split("."))), free)
    monkeypatch.setenv("ROCARS_IVR_TELEPHONY__RTP_PORT_FIRST", "0")
    web = str(load().web.port)
    monkeypatch.setenv(
        "ROCARS_IVR_RECORDS__DATABASE_URL", "postgresql+asyncpg://ivr:s3cr3t@127.0.0.1/records"
    )
    code, text = run(config.app, "show")
    assert code == 0
    assert f"web.port = {web}  # environment ROCARS_IVR_WEB__PORT" in text
    assert "records.retention_days = 180  # default" in text
    assert "s3cr3t" not in text
    assert run(config.app, "check")[0] == 0
    assert "| `records.retention_days` |" in run(config.app, "reference")[1]
    assert "#retention_days = 180" in run(config.app, "example")[1]

    monkeypatch.setenv("ROCARS_IVR_WEB__PORT", "eighty")
    code, text = run(config.app, "check")
    assert code == 2
    assert "web.port" in text


def test_db_commands() -> None:
    assert run(db.app, "current")[0] == 1
    assert head() in run(db.app, "upgrade")[1]
    assert run(db.app, "current")[0] == 0
    with sqlite3.connect("var/records.sqlite3") as database:
        for day, key in (("2001-01-01", "old"), ("2999-01-01", "new")):
            database.execute(
                "INSERT INTO calls (call_id, node, worker_pid, worker_slot, sip_call_id, source,"
                " caller_kind, called, offered_at) VALUES (?, 'n', 1, 1, '', '', 'absent', '', ?)",
                (key, f"{day} 00:00:00.000000"),
            )
    code, text = run(db.app, "purge")
    assert (code, text.split()[0]) == (0, "1")
    with sqlite3.connect("var/records.sqlite3") as database:
        assert database.execute("SELECT call_id FROM calls").fetchall() == [("new",)]


def test_a_database_that_fails_is_told_and_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROCARS_IVR_RECORDS__DATABASE_URL", "sqlite+aiosqlite:////proc/no/x.sqlite3")
    for command in ("upgrade", "current", "purge"):
        code, text = run(db.app, command)
        assert code == 1, text
        assert "Traceback" not in text
        assert text.strip()


def test_another_rocars_is_not_silently_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROCARS_IVR_ROCARS__BASE_URL", "https://rocars.example")
    with pytest.raises(SettingsError, match=r"expected embedded_rocars\.enabled = false"):
        load()
    monkeypatch.setenv("ROCARS_IVR_EMBEDDED_ROCARS__ENABLED", "false")
    assert load().rocars.base_url == "https://rocars.example"
