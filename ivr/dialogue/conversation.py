"""A conversation with one caller: everything a flow can do.

A flow is written against this class alone. `HungUp` and the turns of `ivr.dialogue.turns` may be
raised by every method, `TimeIsUp` by those that ask; a flow lets them pass unless it has something
to say about them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from ivr.dialogue.asking import Asking
from ivr.dialogue.collect import key_or_end
from ivr.dialogue.keys import KeyBuffer
from ivr.dialogue.line import Line, Transfer
from ivr.dialogue.outcome import Outcome
from ivr.dialogue.question import Choice, Field, Manner, Menu
from ivr.dialogue.recorded import RecordedCall
from ivr.dialogue.settings import DialogueSettings
from ivr.dialogue.step_detail import what_is_said
from ivr.dialogue.time_left import TimeLeft
from ivr.dialogue.tone import tone
from ivr.dialogue.trace import Step, StepKind, Trace
from ivr.dialogue.turns import Redo, WentBack
from ivr.dialogue.waiting import Background, wait_with_filler
from prompts.utterance import BYTES_PER_SECOND, Narrator, Phrase, SlotValue
from speech.languages.language import Language
from speech.recognition.hearing import Recogniser

T = TypeVar("T")

TONE = tone(hz=1000.0, seconds=0.3)
"""The tone after which the caller is to speak."""

KEY_CLICK_S = 0.16
"""So much is cut off the end of a recording: the line ends it with the frame in which the key came,
and the finger on its way to the key can be heard before."""

ONLY_NOW = Manner(type_ahead=False)
"""For a question that must be heard first: keys pressed before it do not answer it."""


class Conversation:
    """One call as a conversation, in one language at a time.

    Attributes:
        language: what the caller hears from now on; a flow may change it.
    """

    def __init__(
        self,
        line: Line,
        narrator: Narrator,
        settings: DialogueSettings,
        trace: Trace,
        language: Language,
        background: Background | None = None,
        recogniser: Recogniser | None = None,
        time: TimeLeft | None = None,
        recorded: RecordedCall | None = None,
    ) -> None:
        """`recorded`: a recording that is made of the call."""
        self.language = language
        self._line = line
        self._narrator = narrator
        self._settings = settings
        self._trace = trace
        self._background = background or Background()
        self._keys = KeyBuffer(line)
        self._recogniser = recogniser
        self._time = time
        self._recorded = recorded
        self._hinted = False

    async def say(self, prompt: str, *, barge_in: bool = True, **slots: SlotValue) -> None:
        """Play one prompt to its end, or until a key is pressed; the key is kept."""
        await self.say_all([self.phrase(prompt, slots)], barge_in=barge_in)

    async def say_all(self, phrases: Sequence[Phrase], *, barge_in: bool = True) -> None:
        """Play several phrases, possibly of several languages, as one utterance."""
        await self._say(phrases, barge_in=barge_in)

    async def _say_filler(self, prompt: str) -> None:
        await self._say([self.phrase(prompt)], barge_in=True, filler=True)

    async def _say(
        self, phrases: Sequence[Phrase], *, barge_in: bool, filler: bool = False
    ) -> None:
        utterance = await self._narrator.compose(phrases)
        detail = what_is_said(phrases, utterance, self._keys, filler=filler)
        self._keys.prompt_begins()
        playback = self._line.play(utterance.pcm)
        try:
            if barge_in:
                await key_or_end(self._keys, playback)
            else:
                await playback.finished()
        finally:  # cut short or not, this is how much of it was heard
            self._note(
                Step(
                    StepKind.SAID,
                    "+".join(utterance.prompts),
                    text=utterance.text,
                    ms=playback.played_ms,
                    language=self.language,
                    detail=detail,
                )
            )

    async def play(self, name: str, pcm: bytes) -> None:
        """Play a recording that is no prompt of the catalogue, until a key is pressed."""
        self._keys.prompt_begins()
        playback = self._line.play(pcm)
        await key_or_end(self._keys, playback)
        self._note(Step(StepKind.SAID, name, ms=playback.played_ms, language=self.language))

    async def record(self, name: str, longest_s: float) -> bytes:
        """Record what the caller says after a tone, until they press a key (VoiceXML ``<record>``).

        The key has no other effect. After `longest_s` the recording ends by itself.
        """
        self._keys.flush()
        self._keys.prompt_begins()
        await self._line.play(TONE).finished()
        dictation, keyed = self._line.dictate(), False
        try:
            async with asyncio.timeout(longest_s):
                await self._keys.take()
            keyed = True
        except TimeoutError:
            pass
        finally:
            spoken = await dictation.stop()
        seconds = len(spoken) / BYTES_PER_SECOND
        self._note(Step(StepKind.RECORDED, name, ms=round(seconds * 1000), language=self.language))
        return spoken[: -int(KEY_CLICK_S * BYTES_PER_SECOND)] if keyed else spoken

    async def ask(
        self,
        field: Field[T],
        *,
        settle: Callable[[T], Awaitable[T]] | None = None,
    ) -> Outcome[T]:
        """Ask for digits until they make an answer (VoiceXML's collect step).

        `settle` decides about a well-formed answer, for example by asking ROCARS; it raises
        `NotAccepted` to have the question asked again. Raises `GaveUp` after the attempts.
        """
        return await self._asking().field(field, settle)

    async def choose(self, menu: Menu[T], *, before: Sequence[Phrase] = ()) -> Outcome[T]:
        """Ask a menu until one of its choices is made; `before` is played before its intro."""
        return await self._asking().menu(menu, [*self._hint(menu), *before])

    def _hint(self, menu: Menu[Any]) -> list[Phrase]:
        """Tell the caller once a call that choices can be spoken. Not where they are offered in
        other languages."""
        if self._hinted or self._recogniser is None or not self._recogniser.hears(self.language):
            return []
        if any(choice.language for choice in menu.choices):
            return []
        self._hinted = True
        return [self.phrase("speech.hint")]

    async def confirm(self, prompt: str, **slots: SlotValue) -> bool:
        """Read back and ask whether it is right. Keys pressed before it was said do not count."""
        menu = Menu(
            name=prompt,
            help="confirm.help",
            intro=None,
            choices=(Choice("1", True, "confirm.right"), Choice("2", False, "confirm.wrong")),
            manner=ONLY_NOW,
        )
        outcome = await self.choose(menu, before=[self.phrase(prompt, slots)])
        return outcome.value

    async def wait_for(
        self,
        work: Awaitable[T],
        *,
        filler: str = "universal.please_wait",
        then: str = "universal.still_waiting",
        even_if_hung_up: bool = False,
    ) -> T:
        """Wait for the back end without dead air: `filler` after 1.5 s, then `then` repeatedly.

        Raises HungUp as soon as the caller is gone. Then the work is cancelled, unless
        `even_if_hung_up`: a request that has been sent must be finished, even if nobody listens.
        """
        operation = getattr(work, "__name__", type(work).__name__)
        began = asyncio.get_running_loop().time()
        came_of_it = "ok"
        try:
            return await wait_with_filler(
                work,
                line=self._line,
                settings=self._settings,
                say=self._say_filler,
                fillers=(filler, then),
                background=self._background if even_if_hung_up else None,
            )
        except BaseException as failure:
            came_of_it = type(failure).__name__
            raise
        finally:
            ms = round((asyncio.get_running_loop().time() - began) * 1000)
            self._note(
                Step(
                    StepKind.BACK_END,
                    operation,
                    value=came_of_it,
                    ms=ms,
                    language=self.language,
                )
            )

    async def walk(
        self, steps: Sequence[Callable[..., Awaitable[Any]]], *args: Any, **kwargs: Any
    ) -> None:
        """Take steps in order; "back" repeats the step before, `Redo` only the step it names.

        Every step is called with the given arguments. "Back" from the first step raises
        `WentBack` to the flow that began the walk. This is VoiceXML's form, with its items visited
        until all are filled (2.1, 2.1.6).
        """
        order = list(steps)
        at = 0
        return_to: int | None = None
        while at < len(order):
            try:
                await order[at](*args, **kwargs)
            except WentBack:
                if at == 0:
                    raise
                at, return_to = at - 1, None
            except Redo as redo:
                again = order.index(redo.step)
                if again != at:  # a step that asked for itself is done: nothing returns to it
                    at, return_to = again, at
            else:
                at, return_to = (at + 1, None) if return_to is None else (return_to, None)

    def phrase(self, prompt: str, slots: Mapping[str, SlotValue] | None = None) -> Phrase:
        """A prompt in the current language."""
        return Phrase(self.language, prompt, dict(slots or {}))

    async def transfer(self, uri: str, timeout_s: float) -> bool:
        """Transfer the caller to `uri`; False when nobody could be reached there in time."""
        became = await self._line.transfer(uri, timeout_s)
        self._note(
            Step(
                StepKind.TRANSFER,
                "transfer",
                value=became,
                language=self.language,
                detail={"to": uri},
            )
        )
        return became is Transfer.CONNECTED

    async def hang_up(self) -> None:
        """End the call."""
        await self._line.hang_up()

    def _asking(self) -> Asking:
        return Asking(
            line=self._line,
            keys=self._keys,
            narrator=self._narrator,
            settings=self._settings,
            language=self.language,
            note=self._note,
            recogniser=self._recogniser,
            time=self._time,
            recorded=self._recorded,
        )

    async def closed(self) -> None:
        """Wait for work that outlives the caller."""
        await self._background.finished()

    def _note(self, step: Step) -> None:
        self._trace.step(step)
