"""Timings and limits of a conversation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class DialogueSettings(BaseModel):
    """How long the service waits for a caller, and how often it asks.

    Names follow VoiceXML 2.1, section 6.3 and appendix D; the values are slower than its defaults,
    since a driver's hands are busy.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_s: float = Field(
        7.0, gt=0, le=60, description="Silence after a prompt until noinput (first-digit time-out)."
    )
    interdigit_timeout_s: float = Field(
        3.5, gt=0, le=30, description="Longest pause between two keys of one answer."
    )
    attempts: int = Field(
        3, ge=1, le=10, description="Failed answers to one question before the hotline is offered."
    )
    filler_after_s: float = Field(
        1.5, gt=0, le=10, description="Back end slower than this: the caller hears a filler."
    )
    filler_again_s: float = Field(
        6.0, gt=0, le=60, description="Pause between two fillers while the back end still works."
    )
    terminator_grace_s: float = Field(
        2.0,
        ge=0,
        le=10,
        description="A # this soon after an answer that was full already belongs to that answer.",
    )
