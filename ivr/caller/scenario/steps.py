"""The steps of a scripted call, as a scenario file has them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from ivr.caller.wire.keys import KeyStyle
from speech.languages.language import Language

Seconds = Annotated[float, Field(gt=0, le=3600)]
Yes = Annotated[
    Literal[True],
    BeforeValidator(lambda value: True if value in ("true", "True", "yes", "on") else value),
]
"""Of a file, where all is text."""
Text = Annotated[str, Field(min_length=1)]
Variable = Annotated[str, Field(pattern=r"^\{[a-z_][a-z0-9_]*\}$")]
LanguageOrName = Annotated[
    str,
    Field(
        pattern=rf"^({'|'.join(Language)}|\{{[a-z_][a-z0-9_]*\}})$",
        description=f"{', '.join(list(Language)[:-1])} or {list(Language)[-1]}.",
    ),
]


class Step(BaseModel):
    """Something a scripted caller does or expects."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def action(self) -> str:
        """Its first field: what it is known by in a file."""
        return next(iter(type(self).model_fields))

    def title(self) -> str:
        """The step in one line, variables as written."""
        return f"{self.action} {getattr(self, self.action)}"


class Dial(Step):
    """Place the call. `number` alone, or a whole SIP URI."""

    dial: Text = Field(description="Number or SIP URI.")
    from_number: str = Field("+85291234567", description="Calling number.", alias="from")
    keys: KeyStyle | Text = Field(
        KeyStyle.NORMAL, description="How keys are sent: " + ", ".join(KeyStyle)
    )
    loss: Annotated[float, Field(ge=0, lt=1)] | Variable = Field(
        0.0, description="Share of RTP packets lost, each way."
    )
    refused: int | None = Field(
        None, ge=300, le=699, description="The call must be refused with this status."
    )
    within: Seconds = Field(10.0, description="Seconds until it must be answered.")
    latency: Seconds | None = Field(None, description="INVITE to 200, in seconds, at most.")


class Expect(Step):
    """A prompt of the catalogue (or of the folder of recordings) must be heard."""

    expect: Text = Field(description="Name of the prompt.")
    slots: dict[str, str] = Field({}, description="What must be read out in its slots.")
    language: LanguageOrName | None = Field(None, description="Language it must be in.")
    capture: dict[str, str] = Field(
        {}, description="Variable: slot. The variable becomes what was read out in the slot."
    )
    within: Seconds = Field(20.0, description="Seconds until it must have been heard.")
    latency: Seconds | None = Field(
        None, description="Seconds from our last key or word to its beginning, at most."
    )
    whole: bool = Field(
        True, description="Heard to its end; false: to where it can be nothing else, to barge in."
    )
    next: bool = Field(False, description="No other prompt may come before it.")


class ExpectText(Step):
    """The recogniser must make these words of what is said: for prompts we have no recording of."""

    expect_text: Text = Field(description="Words, in the order they are said.")
    language: LanguageOrName = Field("en")
    within: Seconds = Field(20.0, description="Seconds until they must have been heard.")


class ExpectSilence(Step):
    """Nothing may be heard for so many seconds."""

    expect_silence: Seconds


class ExpectHangUp(Step):
    """The other side must end the call."""

    expect_hang_up: Yes
    within: Seconds = Field(20.0, description="Seconds until it must have ended.")


class ExpectTransfer(Step):
    """The other side must transfer us (REFER); its target must contain this."""

    expect_transfer: Text
    within: Seconds = Field(20.0, description="Seconds until it must have come.")


class Press(Step):
    """Press keys."""

    press: Text = Field(description="Keys: 0 to 9, *, #, A to D.")
    secret: bool = Field(False, description="Never shown, in no report.")
    gap_ms: int = Field(80, ge=0, le=10000, description="Pause after each key.")


class Say(Step):
    """Speak: words for the synthesiser, or a recording."""

    say: Text = Field(description="Words, or the path of a sound file (.wav, .flac).")
    language: LanguageOrName = Field("en")
    voice: str = Field("", description="Voice of espeak-ng, such as gmw/en-us; empty: ours.")
    speed: int = Field(0, ge=0, le=400, description="Words a minute; 0: ours.")
    spelled: bool = Field(False, description="Digit by digit, each by its name.")
    secret: bool = Field(False, description="Never shown, in no report.")
    level: float = Field(-10.0, le=0, ge=-60, description="Loudest sample, in dB of full scale.")
    again_on: Annotated[str, Field(pattern=r"^[a-z_0-9.]+$")] | None = Field(
        None,
        description="Prompt that asks for it once more: heard before the one that is expected "
        "next, it has the same said again, with longer pauses, twice at most.",
    )


class Wait(Step):
    """Do nothing for so many seconds."""

    wait: Seconds


class Hold(Step):
    """Put the call on hold for so many seconds."""

    hold: Seconds


class SendInfo(Step):
    """Send a SIP INFO."""

    send_info: Text = Field(description="Content type.")
    body: str = ""
    secret: bool = Field(False, description="Its body is never shown, in no report.")


class HangUp(Step):
    """End the call."""

    hang_up: Yes


KINDS: tuple[type[Step], ...] = (
    *(Dial, Expect, ExpectText, ExpectSilence, ExpectHangUp, ExpectTransfer),
    *(Press, Say, Wait, Hold, SendInfo, HangUp),
)
ACTIONS = {next(iter(kind.model_fields)): kind for kind in KINDS}


def _action(value: Any) -> str | None:
    if isinstance(value, Step):
        return value.action
    if isinstance(value, dict):
        return next((name for name in value if name in ACTIONS), None)
    return None


AnyStep = Annotated[
    Annotated[Dial, Tag("dial")]
    | Annotated[Expect, Tag("expect")]
    | Annotated[ExpectText, Tag("expect_text")]
    | Annotated[ExpectSilence, Tag("expect_silence")]
    | Annotated[ExpectHangUp, Tag("expect_hang_up")]
    | Annotated[ExpectTransfer, Tag("expect_transfer")]
    | Annotated[Press, Tag("press")]
    | Annotated[Say, Tag("say")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[Hold, Tag("hold")]
    | Annotated[SendInfo, Tag("send_info")]
    | Annotated[HangUp, Tag("hang_up")],
    Discriminator(
        _action,
        custom_error_type="step",
        custom_error_message="expected a step: one of " + ", ".join(ACTIONS),
    ),
]


def language_of(name: str | None) -> Language | None:
    return None if name is None else Language(name)


def sound_file(say: str) -> Path | None:
    """The file a `say` step names, if it names one."""
    return Path(say) if Path(say).suffix.lower() in (".wav", ".flac", ".ogg") else None
