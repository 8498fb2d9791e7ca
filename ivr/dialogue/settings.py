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
        description="A # this soon after an answer that needed none (a number that was full "
        "already, or ended by time-out; the one key of a menu or a confirmation; what was said) "
        "belongs to that answer.",
    )
    time_is_short_s: float = Field(
        60.0,
        ge=0,
        le=600,
        description="So long before a call must end (telephony.longest_call_s, "
        "pool.drain_deadline_s) the caller hears that time is short, at the next question; at most "
        "a third of the time there is.",
    )
    getting_on_s: float = Field(
        60.0,
        ge=0,
        le=600,
        description="A caller who has answered a question within this time is getting on, and is "
        "given longer than telephony.longest_call_s.",
    )
    longer_s: float = Field(
        900.0,
        ge=0,
        le=86400,
        description="How much longer than telephony.longest_call_s the call of a caller who is "
        "getting on may last.",
    )
