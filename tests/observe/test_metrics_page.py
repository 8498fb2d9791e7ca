"""docs/metrics.md names every metric, as the service publishes it, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from ivr.observe import metrics

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def published() -> list[list[str]]:
    """Name, type, labels and meaning of each, in the order of the source."""
    rows = []
    for collector in metrics._REGISTRY._collector_to_names:
        assert isinstance(collector, MetricWrapperBase)
        (described,) = collector.describe()
        name = described.name + ("_total" if described.type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in collector._labelnames) or "–"
        rows.append([f"`{name}`", described.type, labels, described.documentation])
    return rows


def test_the_page_has_every_metric_and_no_other() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if "| `" in line]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert [row[:4] for row in rows] == published()
    for row in rows:
        assert len(row) == 5, row
        assert row[4].endswith("."), row
