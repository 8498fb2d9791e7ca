from __future__ import annotations

import pytest

from tests.support.fakes.flows_on_paper import PaperCall


@pytest.fixture
def paper() -> PaperCall:
    return PaperCall()
