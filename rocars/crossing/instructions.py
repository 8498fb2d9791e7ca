"""What the gate can instruct a driver to do."""

from __future__ import annotations

from enum import StrEnum


class Instruction(StrEnum):
    """One for each way a passage can stand; it is what the board shows and the camera is told.

    Why a vehicle was sent to examination is no part of it: no driver may learn that.
    """

    PROCEED = "proceed"  # a live bundle whose time has come: the crossing is written down
    PROCEED_UNLADEN = "proceed_unladen"
    EXAMINE = "examine"
    TOO_EARLY = "too_early"
    NO_BUNDLE = "no_bundle"
    WRONG_DIRECTION = "wrong_direction"  # only bundles of the other direction
    DOUBTFUL = "doubtful"  # the plate was not read for certain
    SEVERAL_BUNDLES = "several_bundles"
    BUNDLED_BUT_UNLADEN = "bundled_but_unladen"  # the button was pressed, yet there is a bundle
    LANE_CLOSED = "lane_closed"
    TURN_BACK = "turn_back"  # an officer's decision


FINAL = frozenset({Instruction.PROCEED, Instruction.PROCEED_UNLADEN, Instruction.TURN_BACK})
"""The passage is over; nothing more is decided about it."""

WAITS_FOR_OFFICER = frozenset(
    {
        Instruction.EXAMINE,
        Instruction.DOUBTFUL,
        Instruction.SEVERAL_BUNDLES,
        Instruction.BUNDLED_BUT_UNLADEN,
    }
)


class Cause(StrEnum):
    """Why the gate decided so, for officers only."""

    RULES = "rules"
    UNSURE = "unsure"  # the camera was not confident
    AMBIGUOUS = "ambiguous"  # it can be the plate of several vehicles with bundles
    NOT_A_MARK = "not_a_mark"
    LATE = "late"
    PROFILE = "profile"
    RANDOM = "random"
    STILL_TO_EXAMINE = "still_to_examine"
    OFFICER = "officer"
