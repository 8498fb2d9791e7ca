"""A CCRN taken in parts: what could not be heard as a whole is asked for four digits at a time.

Each part is read back before the next one is asked for, so that "back" takes it again. A part of
fewer digits is the last one.
"""

from __future__ import annotations

from collections.abc import Sequence

from call_flows.rules import FlowRules
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.question import Field
from ivr.dialogue.turns import WentBack

PART = 4
NO_MORE = ""


def part_field(rules: FlowRules, before: Sequence[str]) -> Field[str]:
    """The next part of a number of which these parts are known."""
    known = sum(map(len, before))
    may_end = known >= rules.ccrn_min_digits
    prompt = "ccrn.part.rest" if may_end else "ccrn.part.next"
    longest = min(PART, rules.ccrn_max_digits - known)
    return Field(
        name="ccrn.part",
        prompt=prompt if before else "ccrn.part.first",
        help="ccrn.part.help",
        min_digits=1 if may_end else min(longest, rules.ccrn_min_digits - known),
        max_digits=longest,
        parse=str,
        hash_alone=NO_MORE if may_end else None,
        hash_said="ccrn.part.rest",
        slots={"part": before[-1]} if before else {},
    )


async def ask_in_parts(call: Conversation, rules: FlowRules) -> str:
    """One number; not more than its form is checked. Raises WentBack from the first part."""
    parts: list[str] = []
    while True:
        try:
            part = (await call.ask(part_field(rules, parts))).value
        except WentBack:
            if not parts:
                raise
            parts.pop()
            continue
        parts.append(part)
        number = "".join(parts)
        if len(part) < PART or len(number) >= rules.ccrn_max_digits:
            return number
