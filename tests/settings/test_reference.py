"""The page of all settings in the docs is the one the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.settings.reference import reference
from ivr.settings.service import Settings

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8").endswith(reference(Settings).strip() + "\n"), (
        "run `make configuration`"
    )
