"""What a text message with a bundle says, in the languages of `texts/`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

_TEXTS = Path(__file__).with_name("texts")


class _Texts(BaseModel):
    """The message in one language, from `texts/`.

    Attributes:
        text: the whole message, with places for ubr, vehicle, ccrns and crossing.
        at_once, later: the part about crossing; `later` has a place for the instant, `at`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    at_once: str
    later: str


@cache
def _texts(language: str) -> _Texts:
    read = yaml.safe_load((_TEXTS / f"{language}.yaml").read_text(encoding="utf-8"))
    return _Texts.model_validate(read)


def bundle_text(
    language: str, *, ubr: str, vehicle: str, ccrns: Sequence[str], cross_from: datetime | None
) -> str:
    """The text of the message.

    Args:
        language: its tag, such as yue.
        cross_from: in Hong Kong time; None: the vehicle may cross at once.
    """
    texts = _texts(language)
    crossing = texts.at_once if cross_from is None else texts.later.format(at=cross_from)
    return texts.text.format(ubr=ubr, vehicle=vehicle, ccrns=", ".join(ccrns), crossing=crossing)
