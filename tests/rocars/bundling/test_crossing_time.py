"""The crossing instruction, as properties."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rocars.bundling.crossing_time import instruct
from rocars.clock import HONG_KONG

pytestmark = pytest.mark.unit

instants = st.datetimes(datetime(2010, 5, 17), datetime(2030, 1, 1), timezones=st.just(HONG_KONG))
spans = st.timedeltas(timedelta(0), timedelta(hours=3))


@given(instants, st.lists(spans, min_size=1, max_size=20), st.integers(0, 120))
def test_at_once_or_after_the_lead(bundled_at, ages, minutes) -> None:
    lead = timedelta(minutes=minutes)
    instruction = instruct([bundled_at - age for age in ages], bundled_at, lead)
    assert instruction.immediately is (min(ages) >= lead)
    if instruction.immediately:
        assert instruction.at == bundled_at
    else:
        assert instruction.at.second == instruction.at.microsecond == 0
        assert timedelta(0) <= instruction.at - (bundled_at + lead) < timedelta(minutes=1)
