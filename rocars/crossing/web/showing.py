"""What a board shows, ready for its page and for its stream."""

from __future__ import annotations

from typing import Any

from rocars.clock import in_hong_kong
from rocars.crossing.instructions import Instruction
from rocars.crossing.lanes import LaneView
from rocars.crossing.web import texts
from rocars.crossing.web.site import LANGUAGES, WORDS


def in_all_languages(text: str, **filled: str) -> list[dict[str, str]]:
    """A text in the languages of the boards, each with its tag."""
    wordings = []
    for language in LANGUAGES:
        translated = WORDS.catalogue(language).gettext(text)
        wordings.append({"lang": language, "text": translated % filled if filled else translated})
    return wordings


def board(view: LaneView) -> dict[str, Any]:
    """Sign, colour, plate and words; the same for the same state, whoever looks and when."""
    if view.instruction is None:
        return {
            "tone": "free",
            "symbol": "",
            "plate": "",
            "texts": _texts(texts.FREE, ""),
        }
    tone, symbol = texts.TONES[view.instruction]
    time = in_hong_kong(view.cross_from).strftime("%H:%M") if view.cross_from else ""
    return {
        "tone": tone,
        "symbol": symbol,
        "plate": "" if view.instruction is Instruction.LANE_CLOSED else view.mark or "",
        "passage": view.passage,
        "texts": _texts(
            texts.HEADLINES[view.instruction], texts.DETAILS.get(view.instruction, ""), time=time
        ),
    }


def out_of_order() -> list[dict[str, str]]:
    return _texts(texts.OUT_OF_ORDER, texts.OUT_OF_ORDER_DETAIL)


def _texts(headline: str, detail: str, **filled: str) -> list[dict[str, str]]:
    details = in_all_languages(detail, **filled) if detail else [{"text": ""}] * len(LANGUAGES)
    return [
        {"lang": wording["lang"], "headline": wording["text"], "detail": further["text"]}
        for wording, further in zip(in_all_languages(headline), details, strict=True)
    ]
