"""What the counts of some days say, read from the records.

Apart from `ivr.console.insight`: the process that draws charts loads that, and no database.
"""

from __future__ import annotations

import asyncio
from datetime import date

from ivr.console.insight import Insight, insight
from ivr.records.measures import Measure
from ivr.records.tallies import Tallies


async def insight_of(
    tallies: Tallies, first: date, last: date, language: str = "", *measures: Measure
) -> Insight:
    """All that the counts of some days say, of one language or of all; of some measures, without
    the busy hour. Raises RecordsUnavailable."""
    counts = await tallies.read(first, last, language, *measures, hours_summed=True)
    busiest = None if measures else await tallies.busiest_hour(first, last, language)
    # Beside the event loop, which answers everybody else.
    return await asyncio.to_thread(insight, counts, first, last, busiest)
