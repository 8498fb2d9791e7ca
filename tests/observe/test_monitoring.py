"""Rules for Prometheus and the Grafana dashboard: they ask for what the service publishes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import ivr.observe
from tests.observe.test_metrics_page import published
from tests.support.pace import limit

pytestmark = pytest.mark.service

ROOM = Path(ivr.observe.__file__).parent / "monitoring"
RULES, DASHBOARD = ROOM / "alerts.yaml", ROOM / "dashboard.json"
NAME = re.compile(r"\brocars_ivr_[a-z_]+")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"")
OF_PROMETHEUS = {"job", "instance", "name"}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


@pytest.mark.parametrize("asked", sorted(set(expressions())))
def test_what_is_asked_for_is_published(asked: str) -> None:
    known = {}
    for name, kind, labels, _ in published():
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        for part in parts:
            known[name.strip("`") + part] = set(re.findall(r"`(\w+)`", labels))
    named = NAME.findall(asked)
    assert set(named) <= set(known)
    assert named or "up{" in asked
    for name in named:
        for given in re.findall(rf"{name}\{{([^}}]*)\}}", asked):
            assert set(LABEL.findall(given)) <= known[name] | OF_PROMETHEUS, name


def test_each_rule_is_told_in_words_and_graded() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)


def test_no_panel_of_the_dashboard_lies_over_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


@pytest.mark.parametrize(
    "words",
    [("check", "rules", "alerts.yaml"), ("test", "rules", "alerts_test.yaml")],
    ids=["rules", "figures"],
)
def test_prometheus_takes_the_rules(words: tuple[str, ...]) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool (Debian package prometheus) is not installed: RULES NOT CHECKED")
    done = subprocess.run(
        [program, *words], cwd=ROOM, capture_output=True, text=True, timeout=limit(30), check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
