"""Prompts and keys of a captured call, recognised from its RTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ivr.caller.capture.calls import CallInCapture
from ivr.caller.capture.datagrams import CannotBeRead, Capture
from ivr.caller.hearing.prompt_detector import Detected, PromptDetector
from ivr.caller.hearing.prompt_ear import PromptHeard, SoFar, find
from ivr.caller.hearing.repertoire import Repertoire
from ivr.caller.hearing.wanted import Wanted
from ivr.caller.wire.keys import EVENTS, KeyStyle
from ivr.caller.wire.rtp import Packet
from ivr.caller.wire.stream_sound import PCMA, PCMU, StreamSound
from ivr.telephony.keys import BY_EVENTS, KeyPresses
from ivr.telephony.press import IS_END, KeyEvent
from ivr.telephony.sound.frames import BYTES_PER_MS, FRAME_BYTES
from ivr.telephony.sound.tones import ToneKeys
from prompts import catalogue
from prompts.script import UNIT_FOLDER

_KEYS = {number: key for key, number in EVENTS.items()}
_LONG_MS = 2000
_SAME_MS = 100
"""A recognised beginning so close to that of a whole prompt is the same prompt."""


@dataclass(frozen=True)
class KeyHeard:
    """A key; `at` in seconds since 1970."""

    key: str
    at: float


@dataclass
class Keypad:
    """The keys of a call and how they came."""

    style: KeyStyle
    keys: list[KeyHeard]


@dataclass
class Line:
    """The service's side of a captured call.

    Attributes:
        zero: when its first sample came, in seconds since 1970.
        prompts: those that were heard to their end, in order.
        begun: prompts that were cut off when a key was pressed: name, language, from where to where
            in milliseconds.
    """

    zero: float
    prompts: list[PromptHeard] = field(default_factory=list)
    begun: list[tuple[str, str, int, int]] = field(default_factory=list)


def _packets(
    capture: Capture, call: CallInCapture, *, to_service: bool
) -> Iterator[tuple[float, Packet]]:
    """RTP of the call in one direction, each packet once.

    Behind a NAT a side does not receive where it says, but it sends from where it receives
    (symmetric RTP, RFC 4961): one of the two addresses is enough. Another call of the same capture
    may have had the same addresses before or after.
    """
    there, here = call.service_sound, call.caller_sound
    targets, sources = (there, here) if to_service else (here, there)
    over = float("inf") if call.ended_at is None else call.ended_at
    seen: set[tuple[int, int, int]] = set()
    for datagram in capture.datagrams:
        if datagram.target not in targets and datagram.source not in sources:
            continue
        if not call.invited_at <= datagram.at <= over:
            continue
        packet = Packet.read(datagram.payload)
        if packet is None:
            continue
        identity = packet.source, packet.sequence, packet.timestamp
        if identity not in seen:
            seen.add(identity)
            yield datagram.at, packet


def keypad_of(call: CallInCapture, capture: Capture) -> Keypad:
    """The keys that the caller pressed: as events, as INFO, or otherwise as tones."""
    presses, events = KeyPresses(), []
    keys: list[KeyHeard] = []
    for at, packet in _packets(capture, call, to_service=True):
        if packet.payload_type not in call.events or len(packet.payload) < 4:
            continue
        duration_ms = int.from_bytes(packet.payload[2:4], "big") // 8
        flags = IS_END if packet.payload[1] & 0x80 else 0
        key = _KEYS.get(packet.payload[0], "")
        event = KeyEvent(BY_EVENTS, key, packet.timestamp // 8, duration_ms, flags)
        events.append((event, packet.marker))
        pressed = presses.new_key(event, at)
        if pressed is not None:
            keys.append(KeyHeard(pressed, at))
    if keys:
        return Keypad(_style_of_events(events), keys)
    if call.infos:
        return Keypad(KeyStyle.INFO_RELAY, [KeyHeard(info.key, info.at) for info in call.infos])
    tones = list(_tones(call, capture))
    return Keypad(KeyStyle.IN_BAND if tones else KeyStyle.NORMAL, tones)


def _style_of_events(events: Sequence[tuple[KeyEvent, bool]]) -> KeyStyle:
    if all(event.flags & IS_END for event, _ in events):
        return KeyStyle.END_ONLY
    if not any(event.flags & IS_END for event, _ in events):
        return KeyStyle.LOST_END
    if max(event.duration for event, _ in events) >= _LONG_MS:
        return KeyStyle.LONG
    return KeyStyle.NORMAL if any(marker for _, marker in events) else KeyStyle.NO_MARKER


def _tones(call: CallInCapture, capture: Capture) -> Iterator[KeyHeard]:
    ear, waiting = ToneKeys(), bytearray()
    sound = StreamSound(waiting.extend)
    for at, packet in _packets(capture, call, to_service=True):
        sound.packet(packet, at)
        while len(waiting) >= FRAME_BYTES:
            frame = bytes(waiting[:FRAME_BYTES])
            del waiting[:FRAME_BYTES]
            key = ear.hear(frame)
            if key is not None:
                yield KeyHeard(key, at)


def line_of(
    call: CallInCapture, capture: Capture, repertoire: Repertoire, keys: Sequence[KeyHeard]
) -> Line:
    """Recognise what the service played. Raises CannotBeRead if there is no usable sound."""
    came = list(_packets(capture, call, to_service=False))
    spoken = [(at, packet) for at, packet in came if packet.payload_type in (PCMU, PCMA)]
    if not spoken:
        if came:
            kinds = sorted({packet.payload_type for _, packet in came})
            why = f"its sound is no G.711 (RTP payload types {', '.join(map(str, kinds))})"
        else:
            why = "the service's sound is not in it: capture RTP too, where the caller receives it"
        raise CannotBeRead(f"{capture.path}: call {call.call_id}: {why}")
    detector = PromptDetector(repertoire)
    detected: list[Detected] = []
    begun: list[Detected] = []
    pieces: list[bytes] = []
    sound = StreamSound(pieces.append)
    length, zero = 0, float("inf")
    moments = [key.at for key in keys]
    for at, packet in spoken:
        while moments and moments[0] <= at:
            beginning = detector.beginning()
            moments.pop(0)
            if beginning is not None:
                begun.append(beginning)
        sound.packet(packet, at)
        for piece in pieces:
            length += len(piece) // BYTES_PER_MS
            detected += detector.hear(piece)
        pieces.clear()
        zero = min(zero, at - length / 1000)
    detected += detector.end()
    whole = list(prompts_heard(detected))
    inside = {at for prompt in whole for at in range(prompt.first, prompt.through)}
    cut = [
        recording
        for at, recording in enumerate(detected)
        if at not in inside and _is_first_part(recording)
    ]
    return Line(zero, whole, [*map(_begun, cut), *_only_begun(begun, detected)])


def prompts_heard(detected: Sequence[Detected]) -> Iterator[PromptHeard]:
    """The prompts that were heard to their end, from all recordings that were detected."""
    over = detected[-1].ends_ms + 10_000 if detected else 0
    line = SoFar(detected, over, 0, detected[-1].ends_ms if detected else 0, over=True)
    at = 0
    while at < len(detected):
        found = _prompt_at(line, at)
        if found is not None:
            yield found
        at = found.through if found is not None else at + 1


def _prompt_at(line: SoFar, at: int) -> PromptHeard | None:
    """The prompt that begins with this recording: named by the first recording that is no number or
    letter."""
    for recording in line.detected[at:]:
        if not recording.known.name.startswith(f"{UNIT_FOLDER}/"):
            # Prompts that begin with the same words share a recording: what follows decides.
            for known in (recording.known, *recording.known.also):
                name = known.name.partition("--")[0]
                found = find(Wanted(name, language=known.language), line, at)
                if found is not None and found.first == at:
                    return found
            return None
    return None


def _is_first_part(recording: Detected) -> bool:
    language, clip = recording.known.language, recording.known.name
    if language is None:
        return False
    prompt = catalogue.load(language).prompts.get(clip.partition("--")[0])
    return prompt is not None and bool(prompt.segments) and prompt.segments[0].name == clip


def _begun(recording: Detected) -> tuple[str, str, int, int]:
    name = recording.known.name.partition("--")[0]
    return name, str(recording.known.language or ""), recording.begins_ms, recording.ends_ms


def _only_begun(
    begun: Sequence[Detected], detected: Sequence[Detected]
) -> Iterator[tuple[str, str, int, int]]:
    """Beginnings of prompts that were cut off. The same prompt may be detected at several keys."""
    ended = [recording.begins_ms for recording in detected]
    reported: list[int] = []
    for recording in begun:
        if any(abs(recording.begins_ms - other) < _SAME_MS for other in (*ended, *reported)):
            continue
        reported.append(recording.begins_ms)
        yield _begun(recording)
