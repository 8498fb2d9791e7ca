"""Which keys answer the question that is open, as the step trace tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.dialogue.trace import StepKind
from ivr.handset.messages import ChoiceTold, ExpectsTold
from ivr.records.models import CallStep
from prompts import catalogue
from prompts.catalogue import Segment
from speech.languages.language import Language


def expects(step: CallStep) -> ExpectsTold | None:
    """None for a step that asks nothing."""
    told = step.detail.get("expects")
    if step.kind != StepKind.ASKED or told is None:
        return None
    if "keys" in told:
        return ExpectsTold(tuple(_choice(key, step) for key in told["keys"]))
    fewest, most = told["digits"]
    return ExpectsTold(fewest=fewest, most=most, hash_alone=told["hash"])


def _choice(key: str, step: CallStep) -> ChoiceTold:
    """A key, and the words with which it was offered."""
    offered = (said for said in step.detail["prompts"] if said["slots"].get("key") == key)
    return ChoiceTold(key, next((_words(said) for said in offered), ""))


def _words(said: Mapping[str, Any]) -> str:
    prompt = catalogue.load(Language(said["language"])).prompts.get(said["name"])
    if prompt is None:
        return ""
    return "".join(
        part.text if isinstance(part, Segment) else said["slots"].get(part.name, "…")
        for part in prompt.parts
    )
