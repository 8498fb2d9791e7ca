"""The texts in the boxes of a drawing: the words of prompts in one language."""

from __future__ import annotations

from ivr.drawing.graph import Flow, Node, NodeKind
from prompts import catalogue
from speech.languages.language import Language

LONGEST = 90


def words(node: Node, language: Language) -> str:
    """The text of one box."""
    spoken = [_text(name, language) for name in node.prompts]
    wording = " / ".join(text for text in spoken if text)
    match node.kind:
        case NodeKind.SAY | NodeKind.ASK | NodeKind.CHOOSE | NodeKind.CONFIRM:
            return _cut(wording) or node.what
        case NodeKind.WAIT:
            return node.what
        case NodeKind.TURN:
            turn, _, rest = node.what.partition("(")
            detail = _cut(wording) if wording else rest.rstrip(")").replace("_", " ")
            return f"{turn}: {detail}" if detail else turn
        case NodeKind.FLOW:
            return node.what.replace("_", " ")
        case _:
            return node.what


def _text(name: str, language: Language) -> str:
    prompt = catalogue.load(language).prompts.get(name)
    if prompt is None:
        return name
    return "".join(
        f"‹{part.name}›" if isinstance(part, catalogue.Slot) else part.text for part in prompt.parts
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def title(flow: Flow) -> str:
    return flow.name.replace("_", " ")
