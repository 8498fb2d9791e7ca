"""Making the recordings that come with the service, with a voice of ours for each language."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from prompts.library import MANIFEST, read_manifest
from prompts.loudness import (
    SAMPLE_RATE,
    SILENCE_BELOW,
    Samples,
    as_pcm,
    levelled,
    loudness,
    trimmed,
)
from prompts.phrasing import in_a_row, length, phrased
from prompts.rows import taken_from
from prompts.script import Clip, clips
from prompts.settings import PromptSettings
from speech.languages.language import Language
from speech.synthesiser.respelling import respelled
from speech.voices.voice import Speech, Voice

LONGEST_SILENCE_MS = 1000
RESPELT = "espeak-ng"
"""The voice that is given other spellings of words it misreads."""
_BLOCK_MS = 20


@dataclass(frozen=True)
class Fault:
    """Something wrong with a recording."""

    language: Language
    clip: str
    what: str


def stale(directory: Path, language: Language, *, by: str = "") -> list[Clip]:
    """Clips of the script that have no recording, or one that says something else.

    With `by`, a voice's name, also those that were not made by it.
    """
    known = (
        read_manifest(directory / language) if (directory / language / MANIFEST).exists() else {}
    )
    return [
        clip
        for clip in clips(language)
        if known.get(clip.name, {}).get("digest") != clip.digest
        or _misspelt(known[clip.name], clip)
        or (by and str(known[clip.name].get("voice", "")).partition(" ")[0] != by)
        or not (directory / language / f"{clip.name}.flac").is_file()
    ]


def _misspelt(entry: dict[str, Any], clip: Clip) -> bool:
    """Spoken by espeak-ng before it was told how to read these words."""
    given = entry.get("spelling", entry.get("speech"))
    made = entry.get("source") == "synthesised"
    by_espeak = made and str(entry.get("voice", "")).startswith(RESPELT)
    return by_espeak and given != respelled(clip.language, clip.speech)


async def record(
    directory: Path, wanted: list[Clip], settings: PromptSettings, voices: Mapping[Language, Voice]
) -> AsyncIterator[Clip]:
    """Speak clips into a directory of recordings; each is given once it is written.

    Raises VoiceUnavailable.
    """
    speakers = {language: Speaker(voice) for language, voice in voices.items()}
    for clip in wanted:
        speaker = speakers[clip.language]
        await asyncio.to_thread(_record, directory / clip.language, clip, settings, speaker)
        yield clip


def _record(directory: Path, clip: Clip, settings: PromptSettings, speaker: Speaker) -> None:
    speech = speaker.spoken(clip)
    samples = levelled(trimmed(for_a_telephone(speech, length(clip))), settings.loudness_lufs)
    path = directory / f"{clip.name}.flac"
    path.parent.mkdir(parents=True, exist_ok=True)
    pcm = soundfile.SoundFile(
        path, "w", SAMPLE_RATE, 1, subtype="PCM_16", format="FLAC", compression_level=1.0
    )
    with pcm:
        pcm.buffer_write(as_pcm(samples), dtype="int16")
    _enter(directory, clip, samples, speaker.voice)


@dataclass
class Speaker:
    """A voice that speaks clips. Rows of digits, of which each gives several clips, are spoken
    once."""

    voice: Voice
    _rows: dict[tuple[Language, str], Speech] = field(default_factory=dict)

    def spoken(self, clip: Clip) -> Speech:
        """A digit is taken out of a row, if the voice pauses in it so that it can be cut there.

        Raises VoiceUnavailable.
        """
        row = in_a_row(clip)
        if row is not None:
            key = clip.language, row.text
            if key not in self._rows:
                self._rows[key] = self.voice.speak(row.text, clip.language)
            part = taken_from(self._rows[key], row.at, row.count)
            if part is not None:
                return part
        return self.voice.speak(phrased(clip), clip.language)


def for_a_telephone(speech: Speech, length: float = 1.0) -> Samples:
    """At 8000 Hz, nothing left above what G.711 carries; so many times as long, and as deep."""
    import soxr

    lower: Samples = soxr.resample(speech.samples, speech.rate, SAMPLE_RATE * length, quality="VHQ")
    return lower.astype(np.float32)


def _enter(directory: Path, clip: Clip, samples: Samples, voice: Voice) -> None:
    path = directory / MANIFEST
    manifest = read_manifest(directory) if path.exists() else {}
    spelling = respelled(clip.language, clip.speech) if voice.name == RESPELT else clip.speech
    manifest[clip.name] = {
        "digest": clip.digest,
        "speech": clip.speech,
        **({"spelling": spelling} if spelling != clip.speech else {}),
        "seconds": round(len(samples) / SAMPLE_RATE, 3),
        "lufs": round(loudness(samples), 1),
        "source": "synthesised",
        "voice": voice.name,
        "version": voice.version,
    }
    _write_manifest(directory, manifest)


def prune(directory: Path) -> list[str]:
    """Delete recordings that nothing says any more; returns what was deleted."""
    deleted = []
    for language in Language:
        script = {clip.name for clip in clips(language)}
        for path in _orphans(directory / language, script):
            path.unlink()
            deleted.append(f"{language} {path.stem}")
        manifest = directory / language / MANIFEST
        if manifest.exists():
            kept = {
                name: entry
                for name, entry in read_manifest(manifest.parent).items()
                if name in script
            }
            _write_manifest(manifest.parent, kept)
    return deleted


def _orphans(directory: Path, script: set[str]) -> list[Path]:
    return [
        path
        for path in sorted(directory.rglob("*.flac"))
        if path.relative_to(directory).with_suffix("").as_posix() not in script
    ]


def _write_manifest(directory: Path, manifest: dict[str, dict[str, Any]]) -> None:
    (directory / MANIFEST).write_text(
        json.dumps(dict(sorted(manifest.items())), ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
    )


def faults(directory: Path, settings: PromptSettings) -> list[Fault]:
    """Everything wrong with a directory of recordings; empty when all is well."""
    found: list[Fault] = []
    for language in Language:
        found += [
            Fault(language, clip.name, "no recording, or one that says something else")
            for clip in stale(directory, language)
        ]
        script = {clip.name for clip in clips(language)}
        for path in sorted((directory / language).rglob("*.flac")):
            name = path.relative_to(directory / language).with_suffix("").as_posix()
            if name not in script:
                found.append(Fault(language, name, "nothing says this any more"))
            elif what := _heard(path, settings):
                found.append(Fault(language, name, what))
    return found


def _heard(path: Path, settings: PromptSettings) -> str:
    """What is wrong with the sound of one recording."""
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.LibsndfileError, OSError) as failure:
        return f"cannot be read: {failure}"
    if rate != SAMPLE_RATE or samples.ndim != 1:
        return f"expected mono at {SAMPLE_RATE} Hz"
    if len(samples) < SAMPLE_RATE // 20:
        return "shorter than 50 ms"
    if abs(samples).max() > 0.995:
        return "clipped"
    if (silent := _longest_silence_ms(samples)) > LONGEST_SILENCE_MS:
        return f"{silent} ms of silence in it"
    away = loudness(samples) - settings.loudness_lufs
    if abs(away) > 3.0:
        return f"{away:+.1f} LU from the target loudness"
    return ""


def _longest_silence_ms(samples: Samples) -> int:
    block = SAMPLE_RATE * _BLOCK_MS // 1000
    whole = samples[: len(samples) // block * block].reshape(-1, block)
    quiet = np.concatenate(([0], (np.abs(whole).max(axis=1) < SILENCE_BELOW).astype(int), [0]))
    edges = np.flatnonzero(np.diff(quiet))
    return int((edges[1::2] - edges[::2]).max(initial=0)) * _BLOCK_MS
