"""What is wrong with a setting is said by its name, with what was given and expected."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ivr.settings.explained import SettingsError
from ivr.settings.known import known_settings, shown
from ivr.settings.reference import example, reference
from ivr.settings.sources import read

pytestmark = pytest.mark.unit


class Transport(StrEnum):
    UDP = "udp"
    TCP = "tcp"


class Trunk(BaseModel):
    host: str
    port: int = Field(default=5060, ge=1, le=65535)
    password: SecretStr = SecretStr("")


class Sip(BaseModel):
    # No extra="forbid": strangers are found all the same.
    port: int = Field(default=5060, ge=0, le=65535, description="UDP port of the front.")
    transports: list[Transport] = Field(
        default=[Transport.UDP, Transport.TCP], description="Transports offered."
    )
    trunks: list[Trunk] = Field(default=[], description="Peers that may call.")


class Client(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(default="http://127.0.0.1:8090", description="Where ROCARS is.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Key of the channel.")
    pin_length: int = Field(default=6, ge=4, description="Digits of a PIN (our assumption).")
    connect_s: float = Field(default=2.0, gt=0, description="Time to connect, seconds.")
    total_s: float = Field(default=8.0, gt=0, description="Time for an answer, seconds.")

    @model_validator(mode="after")
    def _order(self) -> Client:
        if self.connect_s > self.total_s:
            raise ValueError("expected connect_s to be no longer than total_s")
        return self


class Service(BaseSettings):
    model_config = SettingsConfigDict(
        extra="forbid", env_prefix="ROCARS_IVR_", env_nested_delimiter="__"
    )
    sip: Sip = Field(default_factory=Sip)
    rocars: Client = Field(default_factory=Client)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("ROCARS_IVR_"):
            monkeypatch.delenv(name)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "rocars-ivr.toml"
    file.write_text(text)
    return file


def problems(file: Path | None) -> list[str]:
    with pytest.raises(SettingsError) as wrong:
        read(Service, file)
    return wrong.value.problems


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, '[sip]\nport = 5070\n[rocars]\nurl = "http://a"\ntotal_s = 9\n')
    monkeypatch.setenv("ROCARS_IVR_SIP__PORT", "5080")
    monkeypatch.setenv("rocars_ivr_rocars__connect_s", "1.5")
    monkeypatch.setenv("ROCARS_IVR_SIP__TRANSPORTS", '["tcp"]')
    settings, given = read(Service, file)
    assert settings.sip.port == 5080
    assert settings.sip.transports == [Transport.TCP]
    assert (settings.rocars.url, settings.rocars.connect_s) == ("http://a", 1.5)
    assert settings.rocars.total_s == 9
    assert settings.rocars.pin_length == 6
    assert given.origin(("sip", "port")) == "environment ROCARS_IVR_SIP__PORT"
    assert given.origin(("rocars", "url")) == f"file {file}"
    assert given.origin(("rocars", "pin_length")) == "default"


def test_every_wrong_setting_is_named_with_what_was_given_and_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, '[sip]\nport = 70000\ntransports = ["udp", "sctp"]\n')
    monkeypatch.setenv("ROCARS_IVR_ROCARS__TOTAL_S", "soon")
    with pytest.raises(SettingsError) as wrong:
        read(Service, file)
    assert str(wrong.value).splitlines() == [
        "3 settings are wrong:",
        f"  sip.port (file {file}; environment ROCARS_IVR_SIP__PORT): "
        "expected less than or equal to 65535; given 70000",
        f"  sip.transports[1] (file {file}; environment ROCARS_IVR_SIP__TRANSPORTS): "
        "expected 'udp' or 'tcp'; given \"sctp\"",
        "  rocars.total_s (environment ROCARS_IVR_ROCARS__TOTAL_S): "
        'expected a valid number, unable to parse string as a number; given "soon"',
    ]


def test_a_rule_between_settings_is_told_without_the_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROCARS_IVR_ROCARS__API_KEY", "s3cr3t")
    (problem,) = problems(written(tmp_path, "[rocars]\nconnect_s = 10\n"))
    assert "rocars" in problem
    assert "expected connect_s to be no longer than total_s" in problem
    assert "s3cr3t" not in problem


def test_secrets_are_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[rocars]\napi_key = 12345\n[[sip.trunks]]\nhost = "a"\npassword = 739184\n'
    found = problems(written(tmp_path, text))
    assert len(found) == 2
    assert not any("12345" in problem or "739184" in problem for problem in found)
    monkeypatch.setenv("ROCARS_IVR_ROCARS__API_KEY", "s3cr3t")
    settings, _ = read(Service, None)
    lines = [
        shown(getattr(getattr(settings, s.path[0]), s.path[1]), s.path, s.info)
        for s in known_settings(Service)
    ]
    assert "(hidden)" in lines
    assert not any("s3cr3t" in line for line in lines)
    assert (
        shown("postgresql://ivr:s3cr3t@db/x", ("records", "url")) == '"postgresql://ivr:***@db/x"'
    )
    assert shown(6, ("rocars", "pin_length")) == "6"


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        ("[sip]\nprot = 1\n", "sip.prot", "sip.port"),
        ("[spi]\nport = 1\n", "spi", "the section sip"),
        ("[sip]\napi_key = 'x'\n", "sip.api_key", "rocars.api_key"),
        ("[sip]\nqqq = 1\n", "sip.qqq", "the section sip"),
        ("[[sip.trunks]]\nhost = 'a'\nprt = 1\n", "sip.trunks[0].prt", "sip.trunks[0].port"),
    ],
)
def test_unknown_keys_of_a_file_are_errors_with_a_suggestion(
    tmp_path: Path, text: str, name: str, hint: str
) -> None:
    file = written(tmp_path, text)
    assert problems(file) == [
        f"{name} (file {file}): there is no such setting; did you mean {hint}?"
    ]


def test_unknown_variables_are_errors_with_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROCARS_IVR_SIP__PROT", "1")
    monkeypatch.setenv("ROCARS_IVR_ROCARS__URI", "x")
    monkeypatch.setenv("ROCARS_IVR_SPEED", "x")
    monkeypatch.setenv("ROCARS_IVR_CONFIG", "is not a setting")
    found = problems(None)
    assert found == [
        "rocars.uri (environment ROCARS_IVR_ROCARS__URI): there is no such setting; "
        "did you mean ROCARS_IVR_ROCARS__URL?",
        "sip.prot (environment ROCARS_IVR_SIP__PROT): there is no such setting; "
        "did you mean ROCARS_IVR_SIP__PORT?",
        "speed (environment ROCARS_IVR_SPEED): there is no such setting",
    ]


def test_a_list_that_is_not_json_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROCARS_IVR_SIP__TRANSPORTS", "udp,tcp")
    assert problems(None) == [
        "sip.transports (environment ROCARS_IVR_SIP__TRANSPORTS): "
        'expected JSON, such as ["a", "b"]; given "udp,tcp"'
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "there is no file" in problems(tmp_path / "no.toml")[0]
    (problem,) = problems(written(tmp_path, "[sip\nport = 1\n"))
    assert "expected TOML" in problem
    assert "line 1" in problem


def test_the_example_with_its_marks_removed_is_the_defaults(tmp_path: Path) -> None:
    lines = example(Service).splitlines()
    bare = [line[1:] if line[:1] == "#" and line[:2] != "# " else line for line in lines]
    assert sum(not line.startswith(("#", "[")) and bool(line) for line in bare) == 7
    settings, _ = read(Service, written(tmp_path, "\n".join(bare)))
    assert settings == Service()
    assert read(Service, written(tmp_path, example(Service)))[0] == Service()


def test_the_reference_names_every_setting_and_our_assumptions() -> None:
    text = reference(Service)
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(list(known_settings(Service))) == 8
    (pin,) = [row for row in rows if "pin_length" in row]
    assert pin == (
        "| `rocars.pin_length` | `ROCARS_IVR_ROCARS__PIN_LENGTH` | whole number | `6` | "
        "Digits of a PIN (our assumption). | yes |"
    )
    assert sum(row.endswith("| yes |") for row in rows) == 1
