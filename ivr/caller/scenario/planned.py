"""The runs of scenario files: one for each row of their examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.caller.scenario.reading import ScenarioFile
from ivr.caller.scenario.scenario import Scenario


@dataclass(frozen=True)
class PlannedRun:
    """One row of a scenario."""

    file: ScenarioFile
    row: Mapping[str, str]

    @property
    def scenario(self) -> Scenario:
        return self.file.scenario

    @property
    def row_title(self) -> str:
        return self.scenario.row_title(self.row)

    @property
    def title(self) -> str:
        return f"{self.scenario.name} [{self.row_title}]" if self.row_title else self.scenario.name

    @property
    def recordings(self) -> Path | None:
        folder = self.scenario.recordings
        return None if folder is None else self.file.path.parent / folder


def planned(files: list[ScenarioFile]) -> Iterator[PlannedRun]:
    """All rows of all files."""
    for file in files:
        for row in file.scenario.rows():
            yield PlannedRun(file, row)
