"""The gate: what a vehicle is instructed to do, decided from what is known of it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rocars.crossing.instructions import Cause, Instruction


@dataclass(frozen=True)
class AtTheGate:
    """A vehicle in a lane.

    Args:
        marks: the vehicles it may be, the likeliest ones only.
        doubt: why the reading cannot be relied upon, if it cannot.
        here: when each live bundle of the vehicle in the direction of the lane may cross.
        elsewhere: how many live bundles of it are of the other direction.
        declared_unladen: the button on the panel was pressed.
    """

    now: datetime
    lane_open: bool
    marks: tuple[str, ...]
    doubt: Cause | None
    here: tuple[datetime, ...]
    elsewhere: int
    declared_unladen: bool


@dataclass(frozen=True)
class Decision:
    instruction: Instruction
    cause: Cause = Cause.RULES


def decide(vehicle: AtTheGate) -> Decision:
    """By the rules alone; what clears may still be selected for examination."""
    if not vehicle.lane_open:
        return Decision(Instruction.LANE_CLOSED)
    if vehicle.doubt is not None:
        return Decision(Instruction.DOUBTFUL, vehicle.doubt)
    if len(vehicle.marks) != 1:
        return Decision(
            Instruction.DOUBTFUL, Cause.AMBIGUOUS if vehicle.marks else Cause.NOT_A_MARK
        )
    return Decision(_of_one_vehicle(vehicle))


def _of_one_vehicle(vehicle: AtTheGate) -> Instruction:
    if vehicle.declared_unladen:
        # A bundle of the other direction may be for the way back.
        return Instruction.BUNDLED_BUT_UNLADEN if vehicle.here else Instruction.PROCEED_UNLADEN
    if not vehicle.here:
        return Instruction.WRONG_DIRECTION if vehicle.elsewhere else Instruction.NO_BUNDLE
    if len(vehicle.here) > 1:
        return Instruction.SEVERAL_BUNDLES
    return Instruction.PROCEED if vehicle.now >= vehicle.here[0] else Instruction.TOO_EARLY
