"""Makes the history of a captured call, for a scenario: see `ivr.caller.retold`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ivr.caller.capture.calls import CallInCapture, calls_in
from ivr.caller.capture.datagrams import CannotBeRead, Capture
from ivr.caller.capture.keyed import Digits, Keyed
from ivr.caller.capture.listening import Line, keypad_of, line_of
from ivr.caller.hearing.prompt_ear import PromptHeard
from ivr.caller.hearing.repertoire import Repertoire
from ivr.caller.retold.history import (
    CallHistory,
    CannotBeRetold,
    Deed,
    History,
    Pressed,
    Prompt,
    Transferred,
)
from ivr.caller.retold.values import Values, given, given_driver
from prompts import catalogue
from prompts.catalogue import SlotKind

FILLERS = frozenset(
    {
        "universal.please_wait",
        "universal.still_waiting",
        "login.checking",
        "bundle.working",
        "unbundle.working",
    }
)
"""Prompts played while ROCARS is slow: a repetition of the call may have them or not."""

OFFERS_VEHICLES = ("vehicle.option", "vehicle.more", "vehicle.other")
"""Prompts of the menu of a driver's own vehicles."""

SPOKEN_IF_NOT_KEYED = (
    ("login.welcome", "{code}", "a log-in"),
    ("ccrn.accepted", "{ccrn", "a cargo number"),
)
"""Prompt that tells of an answer, the beginning of the variable that gives it, what it is."""

SAMPLE_NUMBER = "+85291234567"
CLOSE_MS = 700
"""A prompt that begins so soon after another follows it directly."""


def chosen(capture: Capture, call_id: str) -> CallInCapture:
    """The call with this Call-ID, or the only one that was answered.

    Raises CannotBeRead: there is none, there are several (they are listed), or too little of it was
    captured.
    """
    calls = calls_in(capture)
    if call_id:
        found = [call for call in calls if call.call_id == call_id]
        if not found:
            raise CannotBeRead(f"{capture.path}: no call {call_id}; there are\n{_listed(calls)}")
    else:
        answered = [call for call in calls if call.answered_at is not None and not call.had_begun]
        found = answered or calls
        if len(found) > 1:
            raise CannotBeRead(
                f"{capture.path}: {len(found)} calls; name one by --call-id\n{_listed(found)}"
            )
    call = found[0]
    where = f"{capture.path}: call {call.call_id}"
    if call.had_begun:
        raise CannotBeRead(
            f"{where} had begun before the capture: begin to capture before the call"
        )
    if call.answered_at is None:
        why = str(call.status) if call.status else "no answer is in it"
        if capture.fragments and not call.status:
            why += "; it may be in fragments, not all of which were captured"
        raise CannotBeRead(f"{where} was not answered: {why}")
    if call.encrypted:
        raise CannotBeRead(
            f"{where}: its sound is encrypted (SRTP); capture it between the SIP front and the "
            "line cards, where it is not"
        )
    if capture.damaged:
        raise CannotBeRead(f"{where}: the file is damaged: {capture.damaged}")
    if capture.cut:
        raise CannotBeRead(
            f"{where}: {capture.cut} packets were cut when they were captured; capture whole ones "
            "(tcpdump -s 0)"
        )
    return call


def _listed(calls: Sequence[CallInCapture]) -> str:
    return "\n".join(f"  {call.summary()}" for call in calls)


def history_from_capture(
    capture: Capture,
    call: CallInCapture,
    repertoire: Repertoire,
    digits: Digits,
    terminator_grace_s: float,
) -> History:
    """Make the history of the call. `terminator_grace_s`: how long a # belongs to the answer
    before.

    Raises CannotBeRead, CannotBeRetold.
    """
    answered_at = call.answered_at
    assert answered_at is not None
    keypad = keypad_of(call, capture)
    line = line_of(call, capture, repertoire, keypad.keys)
    if not line.prompts:
        raise CannotBeRead(f"{capture.path}: call {call.call_id}: no prompt of ours is heard in it")
    zero_ms = round((line.zero - answered_at) * 1000)
    values = _values_of(line)
    names = {prompt.name for prompt in line.prompts}
    practice = "practice.begin" in names
    keys = [(round((key.at - answered_at) * 1000), key) for key in keypad.keys]
    spoken = _prompts(line, zero_ms, values, practice=practice)
    keyed = Keyed(digits, values, practice, round(terminator_grace_s * 1000))
    deeds: list[Deed] = [*keyed.deeds(keys, spoken)]
    for at, to in call.transfers:
        at_ms = round((at - answered_at) * 1000)
        went_on = any(prompt.begins_ms > at_ms for prompt in spoken)
        deeds.append(Transferred(to, at_ms, connected=not went_on))
    deeds.sort(key=lambda deed: deed.at_ms)
    if not practice:
        _check_keyed(deeds, names)
    prompts = [
        prompt
        for prompt in _with_latencies(spoken, [at for at, _ in keys])
        if prompt.name not in FILLERS
    ]
    known = "login.known.pin" in names
    logs_in = not practice and any(
        isinstance(deed, Pressed) and ("{user_id" in deed.keys or "{pin" in deed.keys)
        for deed in deeds
    )
    last = max(datagram.at for datagram in capture.datagrams)
    ended_at = call.ended_at if call.ended_at is not None else last
    language = next((p.language for p in reversed(prompts) if p.language), "yue")
    driver = given_driver(language, values, logs_in=logs_in, phone=known)
    began = datetime.fromtimestamp(call.invited_at, UTC)
    return History(
        f"As captured on {began:%Y-%m-%d %H:%M} UTC",
        f"Made of call {call.call_id} in {capture.path.name}.",
        given(driver, values.given_cargo(immediately="bundle.cross_now" in names)),
        (
            CallHistory(
                "captured",
                call.dialled,
                "{phone}" if known else SAMPLE_NUMBER,
                keypad.style,
                round((answered_at - call.invited_at) * 1000),
                tuple(prompts),
                tuple(deeds),
                call.by_caller or call.ended_at is None,
                round((ended_at - answered_at) * 1000),
            ),
        ),
    )


def _check_keyed(deeds: Sequence[Deed], names: set[str]) -> None:
    """Raises CannotBeRetold if an answer was taken that nobody keyed: what is said is not read."""
    keys = "".join(deed.keys for deed in deeds if isinstance(deed, Pressed))
    for prompt, variable, what in SPOKEN_IF_NOT_KEYED:
        if prompt in names and variable not in keys:
            raise CannotBeRetold(
                f"{what} was taken that no key gave, so the caller said it; what is said is not "
                "read from a capture. The records of the service have it: calls from-call"
            )


def _values_of(line: Line) -> Values:
    """Cargo and vehicles that were accepted or offered, and references that were announced."""
    values = Values()
    of_driver = False
    for prompt in line.prompts:
        of_driver = prompt.name == "vehicle.which" or (of_driver and prompt.name in OFFERS_VEHICLES)
        if prompt.name == "ccrn.accepted" or (prompt.name == "vehicle.option" and of_driver):
            values.learn([{"name": prompt.name, "slots": prompt.slots}])
        if prompt.name == "bundle.done" and prompt.slots["ubr"] not in values.ubrs:
            values.ubrs.append(prompt.slots["ubr"])
    return values


def _prompts(line: Line, zero_ms: int, values: Values, *, practice: bool) -> list[Prompt]:
    """All prompts in order of time, also those that were cut short."""
    whole = [
        Prompt(
            prompt.name,
            str(prompt.language or ""),
            zero_ms + prompt.begins_ms,
            zero_ms + prompt.ends_ms,
            True,
            *_read_out(prompt, values, practice=practice),
            any_order=prompt.name == "welcome.language",
        )
        for prompt in line.prompts
    ]
    begun = [
        Prompt(
            name,
            language,
            zero_ms + begins_ms,
            zero_ms + ends_ms,
            whole=False,
            any_order=name == "welcome.language",
        )
        for name, language, begins_ms, ends_ms in line.begun
    ]
    return sorted((*whole, *begun), key=lambda prompt: prompt.begins_ms)


def _read_out(
    prompt: PromptHeard, values: Values, *, practice: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """The values of slots, and the captures; see `Prompt`."""
    slots: dict[str, str] = {}
    capture: dict[str, str] = {}
    for name, value in prompt.slots.items():
        if name == "at" or (name == "ubr" and practice):
            continue
        captured = values.read_out(value) if name == "ubr" else None
        if captured is not None:
            capture[captured] = name
        elif prompt.name == "login.known.pin" and name == "ending":
            slots[name] = "{user_id[5:]}"
        elif prompt.name == "bundle.text_to":
            slots[name] = SAMPLE_NUMBER[-4:]
        elif _kind(prompt, name) is SlotKind.ENDINGS and not practice:
            slots[name] = values.by_ending(value)
        else:
            slots[name] = value if practice else values.written(value)
    return slots, capture


def _kind(prompt: PromptHeard, slot: str) -> SlotKind | None:
    """How a slot was spoken; None for a prompt that is not of our catalogue."""
    if prompt.language is None:
        return None
    return catalogue.load(prompt.language).prompts[prompt.name].slots[slot]


def _with_latencies(prompts: Sequence[Prompt], keys_ms: Sequence[int]) -> Iterator[Prompt]:
    """Add the latency since the last key to the first prompt after it, and mark prompts that follow
    directly.

    A key pressed during a prompt gives no latency for the prompt after it.
    """
    before: Prompt | None = None
    for prompt in prompts:
        pressed = [at for at in keys_ms if at <= prompt.begins_ms]
        waited_for = pressed and (before is None or before.begins_ms <= pressed[-1])
        follows = before is not None and prompt.begins_ms - before.heard_to_ms <= CLOSE_MS
        yield replace(
            prompt,
            latency_ms=prompt.begins_ms - pressed[-1] if waited_for else None,
            follows=follows and before is not None and before.name not in FILLERS,
        )
        if prompt.name not in FILLERS:
            before = prompt
