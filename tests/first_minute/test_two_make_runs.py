"""`make run` twice on one machine: side by side, or in one folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.first_minute.made import made_run

pytestmark = [pytest.mark.call, pytest.mark.timeout(1500)]


def test_two_at_once_side_by_side(tmp_path: Path) -> None:
    with made_run(tmp_path / "one") as first, made_run(tmp_path / "other") as second:
        for run in (first, second):
            run.until("Ctrl-C ends")
        assert first.sip_port != second.sip_port
        assert first.web_port != second.web_port
        for run in (first, second):
            assert run.health()["lines"] == 12
        for run in (first, second):
            run.until("confirmed by ROCARS")


def test_a_second_one_in_the_same_folder_stops_in_one_line(tmp_path: Path) -> None:
    with made_run(tmp_path / "var") as first:
        first.until("Ctrl-C ends")
        with made_run(tmp_path / "var") as second:
            assert second.until_it_ends() != 0
        lines = [line for line in second.lines if not line.startswith("make:")]
        assert len(lines) == 1, second.text
        assert lines[0].startswith("rocars-ivr: node.data: ")
        assert "(process " in lines[0]
        assert first.health()["ready"]
