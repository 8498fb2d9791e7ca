"""What the embedded ROCARS is told of the telephone channel."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from ground.sms.settings import SmsSettings
from ivr.node.embedded_rocars import gateway_variables
from rocars.settings import RocarsSettings

pytestmark = pytest.mark.unit


def test_it_sends_text_messages_through_the_same_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms = SmsSettings(
        url="https://sms.example/v1", token=SecretStr("s3cret"), body="form", more={"from": "R"}
    )
    for name, value in gateway_variables(sms).items():
        monkeypatch.setenv(name, value)
    assert RocarsSettings(data_dir=tmp_path).sms == sms
    assert gateway_variables(SmsSettings()) == {}, "one that ROCARS is given itself stays"
