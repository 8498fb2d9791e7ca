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
    expected = step.detail.get("expects")
    if step.kind != StepKind.ASKED or expected is None:
        return None
    if "keys" in expected:
        return ExpectsTold(tuple(_choice(key, step) for key in expected["keys"]))
    fewest, most = expected["digits"]
    return ExpectsTold(fewest=fewest, most=most, hash_alone=expected["hash"])


def _choice(key: str, step: CallStep) -> ChoiceTold:
    """A key, and the words with which it was offered."""
    offered = (spoken for spoken in step.detail["prompts"] if spoken["slots"].get("key") == key)
    return ChoiceTold(key, next((_words(spoken) for spoken in offered), ""))


def _words(spoken: Mapping[str, Any]) -> str:
    prompt = catalogue.load(Language(spoken["language"])).prompts.get(spoken["name"])
    if prompt is None:
        return ""
    return "".join(
        part.text if isinstance(part, Segment) else spoken["slots"].get(part.name, "…")
        for part in prompt.parts
    )
