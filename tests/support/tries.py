"""What came of a run: how often tests were tried again, against what a run may have of it.

Tests that place calls are tried again, twice at most: sound and keys are a matter of 20 ms, and
something else can take both cores for longer than that. Those of a running service are, once: its
processes share two cores with all lanes of the run. What looks for a fault that comes once in a
hundred times (`tests/chaos`) never is, nor what needs no process. A fault of ours
fails at every try. Many second tries are a fault as well, which is why they are counted, printed
and bounded.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

BUDGET = 5
"""Second and third tries a whole run may have, all its lanes together."""

PROPERTY = "tried_again"
"""Name of the property in which a scripted call tells why it was tried again, each time."""


@dataclass
class Counted:
    """What came of a run, or of one lane of it.

    Attributes:
        failed: test and what it failed of, of each test that failed.
        skipped: test and reason of each test that was not run.
        tried_again: test and what the try before it failed of, for each further try.
        core_s: processor time of each module of tests; see `tests.support.costs`.
    """

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    tried_again: list[str] = field(default_factory=list)
    core_s: dict[str, float] = field(default_factory=dict)

    @property
    def over_budget(self) -> bool:
        """Whether more was tried again than a run may."""
        return len(self.tried_again) > BUDGET

    @property
    def budget_line(self) -> str:
        """For the summary."""
        return f"{len(self.tried_again)} tries again; a run may have {BUDGET}"

    def add(self, other: Counted) -> None:
        """Take in what another lane counted."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.tried_again += other.tried_again
        for module, spent in other.core_s.items():
            self.spent(module, spent)

    def spent(self, module: str, core_s: float) -> None:
        """Note what a module cost in one of the processes that ran its tests."""
        self.core_s[module] = self.core_s.get(module, 0.0) + core_s

    def write(self, path: Path) -> None:
        """Leave it for whoever started this lane."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Counted:
        """What a lane wrote. Raises OSError if it did not come to that."""
        return cls(**json.loads(path.read_text()))
