"""Why a recording was refused, as a person understands it and can mend it."""

from __future__ import annotations

from collections.abc import Callable

from prompts.take import BadTake, Fault

REASONS = {
    Fault.NOT_AUDIO: "This is not a sound file that can be read. Use WAV, FLAC, MP3, OGG or M4A.",
    Fault.DAMAGED: "The file is damaged: it breaks off after %(found).1f s. "
    "Export or copy it anew.",
    Fault.TOO_LARGE: "The file is too large: %(wanted).0f MB are the most.",
    Fault.EMPTY: "There is no speech in it. Was the microphone on?",
    Fault.CLIPPED: "It is distorted: too loud for the microphone. "
    "Speak from further away, or turn the microphone down.",
    Fault.NOISY: "There is too much noise: speech is only %(found).0f dB above it, "
    "%(wanted).0f dB are needed. Record in a quieter room.",
    Fault.QUIET: "It is too quiet (%(found).0f LUFS). Speak closer to the microphone.",
    Fault.TOO_SHORT: "It is too short: %(found).1f s, where at least %(wanted).1f s are expected. "
    "Is the whole text in it?",
    Fault.TOO_LONG: "It is too long: %(wanted).1f s are the most. Is there something else in it?",
}


def message_for(refusal: BadTake | str, _: Callable[[str], str]) -> str:
    """In the language of `_`. What was not listened to at all comes with its reason as text."""
    if isinstance(refusal, str):
        return _(refusal)
    return _(REASONS[refusal.fault]) % {
        "found": refusal.found or 0.0,
        "wanted": refusal.wanted or 0.0,
    }
