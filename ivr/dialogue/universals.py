"""What a caller may key at any time, whatever the question (VoiceXML's universals).

All begin with star, so that all digits are free for answers. A star on its own, or star and
hash, clears what was keyed.
"""

from __future__ import annotations

from enum import StrEnum

STAR = "*"
TERMINATOR = "#"

RESERVED_IN_MENUS = frozenset({STAR, TERMINATOR})


class Universal(StrEnum):
    CLEAR = "clear"
    REPEAT = "repeat"
    HELP = "help"
    BACK = "back"
    CANCEL = "cancel"
    HOTLINE = "hotline"


AFTER_STAR: dict[str, Universal] = {
    TERMINATOR: Universal.CLEAR,
    STAR: Universal.REPEAT,
    "1": Universal.HELP,
    "7": Universal.BACK,
    "9": Universal.CANCEL,
    "0": Universal.HOTLINE,
}
