"""A recording as it comes in: read in any format, measured, mended, or refused with a reason."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import soundfile
import soxr

from prompts.loudness import SAMPLE_RATE, Samples, as_pcm, levelled, loudness
from prompts.m4a import NoM4a, decoded, is_m4a
from prompts.promises import promise_of
from prompts.settings import TakeSettings

FRAME = SAMPLE_RATE // 100  # 10 ms
KEEP_BEFORE_MS = 40
KEEP_AFTER_MS = 80
FADE_MS = 8
QUIETEST_LUFS = -50.0
SILENCE_DB = -62.0
"""Below full scale; a line on which nobody speaks is below it (G.711's least sounds: -72 dB)."""
FULL_SCALE = 0.985
CLIPPED_RUN = 4
CLIPPED_RUNS = 3
"""So many runs of so many samples at full scale are clipping, not a peak."""

BREAKS_OFF_S = 0.1
"""So much may be missing of what a file promises: decoders drop some samples at the ends."""

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3", "AIFF")
RATES = range(4000, 192_001)


class Fault(StrEnum):
    """Why a recording is not taken."""

    NOT_AUDIO = "not_audio"
    DAMAGED = "damaged"  # it breaks off: less is in it than it says
    TOO_LARGE = "too_large"
    EMPTY = "empty"  # no sound in it
    CLIPPED = "clipped"
    NOISY = "noisy"
    QUIET = "quiet"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"


class BadTake(ValueError):
    """The recording is not taken; `found` and `wanted` are figures for the person (s, dB, LUFS)."""

    def __init__(
        self, fault: Fault, found: float | None = None, wanted: float | None = None
    ) -> None:
        super().__init__(fault.value)
        self.fault, self.found, self.wanted = fault, found, wanted

    def __reduce__(self) -> tuple[type[BadTake], tuple[Fault, float | None, float | None]]:
        """It may be raised in another process."""
        return type(self), (self.fault, self.found, self.wanted)


@dataclass(frozen=True)
class Take:
    """A recording that can be played to callers.

    Attributes:
        pcm: mono, 16 bit little-endian, 8000 Hz, trimmed, at the loudness of all prompts.
        raw_lufs: loudness as it came in.
        noise_db: speech above the noise of its pauses.
        trimmed_s: silence that was cut off, both ends together.
    """

    pcm: bytes
    raw_lufs: float
    noise_db: float
    trimmed_s: float

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / SAMPLE_RATE

    def as_flac(self) -> bytes:
        return flac(self.pcm)


def from_file(
    data: bytes, settings: TakeSettings, target_lufs: float, expected_s: float | None = None
) -> Take:
    """Take a file of any usual format: WAV, FLAC, OGG, MP3, AIFF, M4A. Raises BadTake.

    It is decoded to its end, whatever its header says; one that has less in it than it promises is
    refused.

    `expected_s`: how long the words usually take, to tell what is far too short or too long.
    """
    if len(data) > settings.largest_mb * 1_000_000:
        raise BadTake(Fault.TOO_LARGE, len(data) / 1e6, settings.largest_mb)
    sound = (_from_m4a if is_m4a(data) else _from_sound_file)(data, settings.longest_s)
    if sound.rate not in RATES or sound.samples.shape[1] > 2:
        raise BadTake(Fault.NOT_AUDIO)
    if len(sound.samples) > int(settings.longest_s * sound.rate):
        raise BadTake(Fault.TOO_LONG, None, settings.longest_s)
    seconds, promised = len(sound.samples) / sound.rate, sound.promised_s
    if sound.cut or (promised is not None and seconds < promised - BREAKS_OFF_S):
        raise BadTake(Fault.DAMAGED, seconds, promised)
    # One channel: the loudest, since a microphone on one of two is common and a mix halves it.
    loudest = int(np.argmax(np.sum(sound.samples**2, axis=0)))
    mono: Samples = np.asarray(np.nan_to_num(sound.samples[:, loudest]), np.float32)
    return take(mono, sound.rate, settings, target_lufs, expected_s)


@dataclass(frozen=True)
class _Sound:
    """A decoded file: a row a sample, a column a channel. `cut`: it breaks off."""

    samples: Samples
    rate: int
    promised_s: float | None
    cut: bool = False


def _from_m4a(data: bytes, longest_s: float) -> _Sound:
    try:
        found = decoded(data, longest_s)
    except NoM4a as failure:
        raise BadTake(Fault.DAMAGED) from failure
    return _Sound(found.samples, found.rate, found.seconds)


def _from_sound_file(data: bytes, longest_s: float) -> _Sound:
    """What libsndfile reads."""
    promise = promise_of(data, longest_s)
    opened = False
    try:
        with soundfile.SoundFile(io.BytesIO(promise.data)) as file:
            opened = True
            if file.format not in FORMATS or file.samplerate not in RATES or file.channels > 2:
                raise BadTake(Fault.NOT_AUDIO)
            # Read no more than is taken: a small file may unfold to hours of silence.
            most = int(longest_s * file.samplerate)
            samples = _read(file, most + 1, open_ended=promise.open_ended)
            return _Sound(samples, file.samplerate, promise.seconds, promise.cut)
    except (soundfile.LibsndfileError, OSError, ValueError, RuntimeError) as failure:
        if isinstance(failure, BadTake):
            raise
        raise BadTake(Fault.DAMAGED if opened else Fault.NOT_AUDIO) from failure


def _read(file: soundfile.SoundFile, most: int, *, open_ended: bool) -> Samples:
    """All samples, a row each, or `most` of them. Raises soundfile.LibsndfileError."""
    if not open_ended:
        read: Samples = file.read(most, dtype="float32", always_2d=True)
        return read
    samples = np.full((most, file.channels), np.nan, np.float32)
    with contextlib.suppress(soundfile.LibsndfileError):  # at the end, which it expects elsewhere
        file.read(out=samples)
    unread = np.flatnonzero(np.isnan(samples[:, 0]))
    return samples[: unread[0]] if len(unread) else samples


def from_pcm(
    pcm: bytes, settings: TakeSettings, target_lufs: float, expected_s: float | None = None
) -> Take:
    """Take what was said on a telephone line (mono, s16le, 8000 Hz). Raises BadTake."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) * np.float32(1 / 32768)
    return take(samples, SAMPLE_RATE, settings, target_lufs, expected_s)


def take(
    samples: Samples,
    rate: int,
    settings: TakeSettings,
    target_lufs: float,
    expected_s: float | None = None,
) -> Take:
    """Measure and mend one channel of sound at `rate` Hz. Raises BadTake."""
    if not len(samples) or not np.any(samples):
        raise BadTake(Fault.EMPTY)
    if _clipped_runs(samples) > CLIPPED_RUNS:
        raise BadTake(Fault.CLIPPED)
    if rate != SAMPLE_RATE:
        samples = soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ").astype(np.float32)
    if len(samples) < 10 * FRAME:
        raise BadTake(Fault.TOO_SHORT, len(samples) / SAMPLE_RATE, 0.1)
    samples = samples - np.float32(samples.mean())
    levels = _levels(samples)
    # Not the quietest hundredth: at its edges MP3 has frames quieter than any room.
    noise, speech = float(np.percentile(levels, 2)), float(np.percentile(levels, 90))
    above = min(99.0, speech - noise)
    if speech < SILENCE_DB:
        raise BadTake(Fault.EMPTY)
    cut = _spoken_part(samples, levels, noise, speech)
    measured = loudness(cut)
    if measured < QUIETEST_LUFS:
        raise BadTake(Fault.QUIET, measured, QUIETEST_LUFS)
    if above < settings.least_snr_db:
        raise BadTake(Fault.NOISY, above, settings.least_snr_db)
    seconds = len(cut) / SAMPLE_RATE
    if expected_s is not None:
        if seconds < (least := min(expected_s - 0.3, expected_s * settings.least_share)):
            raise BadTake(Fault.TOO_SHORT, seconds, least)
        if seconds > (most := max(expected_s + 1.5, expected_s * settings.most_share)):
            raise BadTake(Fault.TOO_LONG, seconds, most)
    whole = len(samples) / SAMPLE_RATE
    return Take(as_pcm(levelled(cut, target_lufs)), measured, above, whole - seconds)


def flac(pcm: bytes) -> bytes:
    """Prompt audio as a FLAC file."""
    encoded = io.BytesIO()
    samples = np.frombuffer(pcm, "<i2")
    soundfile.write(encoded, samples, SAMPLE_RATE, subtype="PCM_16", format="FLAC")
    return encoded.getvalue()


def pcm_of(sound: bytes) -> bytes:
    """What `flac` made, back again. Raises BadTake."""
    try:
        samples, rate = soundfile.read(io.BytesIO(sound), dtype="int16")
    except (soundfile.LibsndfileError, RuntimeError) as failure:
        raise BadTake(Fault.NOT_AUDIO) from failure
    if rate != SAMPLE_RATE or samples.ndim != 1:
        raise BadTake(Fault.NOT_AUDIO)
    pcm: bytes = samples.astype("<i2").tobytes()
    return pcm


def _clipped_runs(samples: Samples) -> int:
    """Runs of samples that stand at full scale, or all at the file's own highest value."""
    ceiling = min(FULL_SCALE, float(np.abs(samples).max()) * 0.999)
    if ceiling < 0.5:
        return 0
    full = np.concatenate(([0], (np.abs(samples) >= ceiling).astype(int), [0]))
    edges = np.flatnonzero(np.diff(full))
    return int(np.sum(edges[1::2] - edges[::2] >= CLIPPED_RUN))


def _levels(samples: Samples) -> Samples:
    """RMS of every 10 ms, dB of full scale."""
    whole = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    power = np.mean(whole.astype(np.float64) ** 2, axis=1)
    decibels: Samples = (10 * np.log10(power + 1e-10)).astype(np.float32)
    return decibels


def _spoken_part(samples: Samples, levels: Samples, noise: float, speech: float) -> Samples:
    """Without what comes before the first and after the last word, faded at both ends."""
    threshold = max(speech - 45.0, min(noise + 8.0, speech - 15.0))
    loud = np.flatnonzero(levels > threshold)
    if not len(loud):
        raise BadTake(Fault.EMPTY)
    begins = max(0, loud[0] * FRAME - KEEP_BEFORE_MS * SAMPLE_RATE // 1000)
    ends = (loud[-1] + 1) * FRAME + KEEP_AFTER_MS * SAMPLE_RATE // 1000
    cut = samples[begins:ends].copy()
    fade = min(SAMPLE_RATE * FADE_MS // 1000, len(cut) // 2)
    if fade:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        cut[:fade] *= ramp
        cut[-fade:] *= ramp[::-1]
    return cut
