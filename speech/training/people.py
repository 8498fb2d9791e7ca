"""Who is trained on, who is developed with, and who is only measured: kept apart by person.

`people.csv` names every recorded person and every voice once. A person with a name of their own in
two languages (`fudan03`, `fudan03-en`) is on one side with both. Costs and choices are made on the
people of development; those of the test are for figures alone.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

PEOPLE = Path(__file__).with_name("people.csv")


class Part(StrEnum):
    """What a person's voice is used for."""

    TRAINING = "training"
    DEVELOPMENT = "development"
    TEST = "test"


@cache
def parts(path: Path = PEOPLE) -> Mapping[str, Part]:
    """Everybody's part. Raises ValueError for a person named twice or a part there is not."""
    found: dict[str, Part] = {}
    with path.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["person"] in found:
                raise ValueError(f"{path.name}: {row['person']} is named twice")
            found[row["person"]] = Part(row["part"])
    return found


def part_of(name: str) -> Part:
    """A person's part, by the name in a manifest. Raises KeyError for nobody we know: whoever is
    new is put on a side first."""
    known = parts()
    return known[name.removesuffix("-en")]
