"""From detected recordings to whole prompts: the catalogue says which recordings make a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.caller.hearing.prompt_detector import Detected
from ivr.caller.hearing.read_out import as_written
from ivr.caller.hearing.wanted import Wanted, spoken_units
from prompts import catalogue
from prompts.catalogue import Segment, Slot, SlotKind
from prompts.script import UNIT_FOLDER, without_place
from prompts.settings import PromptSettings
from speech.languages.language import Language
from speech.spoken.unit import Unit

_PAUSES = PromptSettings.model_validate({})
UNIT_GAP_MS, GROUP_GAP_MS = _PAUSES.unit_gap_ms, _PAUSES.group_gap_ms
"""Pauses inside a number. Other settings of the service are understood too, but later."""

FRAME_MS = 20
"""The beginning of sound is known to within a frame."""

SOFT_MS = 160
"""An s or an f may begin so softly that it is detected this much later."""

ROOM_MS = 60
"""A recording's last sound may arrive this much later: a frame or two."""

SILENT_MS = 1000
"""After so much silence nothing belongs to a number any more, also where the sender was held up
within a pause between groups."""


@dataclass(frozen=True)
class PromptHeard:
    """A prompt that was heard to its end.

    Attributes:
        name: in the catalogue, or the name of the WAV file.
        slots: the values that were read out, as a person would write them.
        begins_ms, ends_ms: on the line's clock.
        known_at_ms: when it was certain.
        score: that of its worst recording; 1 is the same waveform.
        runner_up: the next likely recording in place of that one, and its score.
    """

    name: str
    language: Language | None
    slots: Mapping[str, str]
    begins_ms: int
    ends_ms: int
    known_at_ms: int
    score: float
    runner_up: tuple[str, float] | None
    first: int = 0
    through: int = 0
    """Indexes in the detected recordings: its first, and the one after its last."""


_SEVERAL = (SlotKind.DIGITS, SlotKind.REFS, SlotKind.ENDINGS, SlotKind.PLATE, SlotKind.TIME)
"""Kinds of slots that are read out as several units."""


@dataclass(frozen=True)
class SoFar:
    """What has been detected on a line so far.

    Attributes:
        detected: recordings, in order.
        now_ms: length of the line.
        sound_from_ms, sound_to_ms: the last sound, recognised or not.
        over: the line has ended.
    """

    detected: Sequence[Detected]
    now_ms: int
    sound_from_ms: int
    sound_to_ms: int
    over: bool = False

    def ended_at(self, ends_ms: int) -> bool:
        """Whether a number that was read out ends there: a pause follows that is longer than those
        inside."""
        if self.over:
            return True
        if self.sound_to_ms < ends_ms + ROOM_MS:
            return self.now_ms - ends_ms >= SILENT_MS
        pause = self.sound_from_ms - ends_ms
        return UNIT_GAP_MS + SOFT_MS < pause < GROUP_GAP_MS - 2 * FRAME_MS - 5


def find(wanted: Wanted, line: SoFar, after: int) -> PromptHeard | None:
    """Find the first place after `after` recordings at which the wanted prompt was heard to its
    end."""
    detected, now_ms = line.detected, line.now_ms
    for start in range(after, len(detected)):
        known = detected[start].known
        if known.language is None and known.name == wanted.name:
            return _found(wanted.name, {}, detected, start, start + 1, now_ms)
        for language in dict.fromkeys(sound.language for sound in (known, *known.also)):
            if language is None or wanted.language not in (None, language):
                continue
            prompt = catalogue.load(language).prompts.get(wanted.name)
            found = prompt and _match(prompt, wanted, line, start, language)
            if found:
                return found
    return None


def begins(
    wanted: Wanted, beginning: Detected | None, now_ms: int, through: int
) -> PromptHeard | None:
    """The wanted prompt, if its first recording is the one being heard now."""
    if beginning is None:
        return None
    for known in (beginning.known, *beginning.known.also):
        name = wanted.name
        if known.language is not None:
            prompt = catalogue.load(known.language).prompts.get(wanted.name)
            wrong = wanted.language not in (None, known.language)
            if prompt is None or wrong or not prompt.segments:
                continue
            name = prompt.segments[0].name
        if known.name == name:
            break
    else:
        return None
    return PromptHeard(
        wanted.name,
        known.language,
        {},
        beginning.begins_ms,
        now_ms,
        now_ms,
        beginning.score,
        beginning.runner_up,
        through,
        through,
    )


def _match(
    prompt: catalogue.Prompt,
    wanted: Wanted,
    line: SoFar,
    start: int,
    language: Language,
) -> PromptHeard | None:
    detected = line.detected
    at = start
    slots: dict[str, str] = {}
    spoken = [part for part in prompt.parts if isinstance(part, Slot) or part.speech]
    for number, part in enumerate(spoken):
        if isinstance(part, Segment):
            if at >= len(detected) or not _is(detected[at], language, part.name):
                return None
            at += 1
            continue
        given = wanted.slots.get(part.name)
        if given is not None:
            names = [
                f"{UNIT_FOLDER}/{unit.name}"
                for unit in spoken_units(language, part.kind, given)
                if isinstance(unit, Unit)
            ]
            if not all(
                at + more < len(detected) and _is(detected[at + more], language, name)
                for more, name in enumerate(names)
            ):
                return None
            slots[part.name] = given
            at += len(names)
            last = number == len(spoken) - 1 and part.kind in _SEVERAL
            if last and _continues(line, at):
                return None
            continue
        first = at
        most = len(detected) if part.kind in _SEVERAL else at + 1
        while at < min(most, len(detected)) and _is_unit(detected[at], language):
            at += 1
        if at == first:
            return None
        last = number == len(spoken) - 1 and part.kind in _SEVERAL
        if last and at == len(detected) and not line.ended_at(detected[at - 1].ends_ms):
            return None
        several = part.kind in (SlotKind.REFS, SlotKind.ENDINGS)
        slots[part.name] = as_written(language, detected[first:at], several=several)
    return _found(wanted.name, slots, detected, start, at, line.now_ms, language)


def _continues(line: SoFar, at: int) -> bool:
    """Whether the number that was waited for may be the beginning of a longer one."""
    before = line.detected[at - 1]
    if at < len(line.detected):
        follows = line.detected[at]
        near = follows.begins_ms - before.ends_ms < GROUP_GAP_MS + ROOM_MS
        return near and follows.known.name.startswith(f"{UNIT_FOLDER}/")
    return not line.ended_at(before.ends_ms)


def _found(
    name: str,
    slots: Mapping[str, str],
    detected: Sequence[Detected],
    start: int,
    end: int,
    now_ms: int,
    language: Language | None = None,
) -> PromptHeard:
    worst = min(detected[start:end], key=lambda likeness: likeness.score)
    return PromptHeard(
        name,
        language,
        slots,
        detected[start].begins_ms,
        detected[end - 1].ends_ms,
        now_ms,
        worst.score,
        worst.runner_up,
        start,
        end,
    )


def _is(recording: Detected, language: Language, name: str) -> bool:
    """Whether it says this; at which place in a number a digit was said makes no difference."""
    return any(
        known.language is language and without_place(known.name) == without_place(name)
        for known in (recording.known, *recording.known.also)
    )


def _is_unit(recording: Detected, language: Language) -> bool:
    return recording.known.language is language and recording.known.name.startswith(
        f"{UNIT_FOLDER}/"
    )
