"""Settings of kiosks that contradict themselves are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rocars.settings import KioskSettings
from tests.rocars.portal.conftest import KIOSKS

pytestmark = pytest.mark.unit


def test_settings_that_contradict_themselves() -> None:
    first, second = ({"name": name, "key": key} for name, key in KIOSKS.items())
    for wrong in (
        {"devices": [first, first | {"key": "a key of its own"}]},
        {"devices": [first, second | {"key": first["key"]}]},
        {"devices": [first | {"key": "short"}]},
        {"devices": [first | {"name": "Kwun Tong"}]},
        {"idle_s": 30, "warning_s": 30},
        {"idle_s": 5},
    ):
        with pytest.raises(ValidationError):
            KioskSettings.model_validate(wrong)
