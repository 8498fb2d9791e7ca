"""Recordings that come in: mended, or refused with the right reason."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from prompts.library import RECORDINGS
from prompts.loudness import SAMPLE_RATE, loudness
from prompts.settings import TakeSettings
from prompts.take import BadTake, Fault, Take, from_file, from_pcm, pcm_of

pytestmark = pytest.mark.unit

RULES = TakeSettings.model_validate({})
TARGET = -20.0
SPOKEN, _ = soundfile.read(RECORDINGS / "en" / "welcome.greeting.flac", dtype="float32")
SECONDS = len(SPOKEN) / SAMPLE_RATE


def padded(before_s: float, after_s: float, noise: float = 0.0005) -> np.ndarray:
    """What a microphone would bring: the words, with a room around them."""
    room = np.random.default_rng(1).normal(
        0, noise, int((before_s + SECONDS + after_s) * SAMPLE_RATE)
    )
    begins = int(before_s * SAMPLE_RATE)
    room[begins : begins + len(SPOKEN)] += SPOKEN * 0.5
    return room.astype(np.float32)


def as_file(
    samples: np.ndarray, kind: str = "WAV", subtype: str = "PCM_16", rate: int = SAMPLE_RATE
) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def taken(data: bytes, expected_s: float | None = SECONDS) -> Take:
    return from_file(data, RULES, TARGET, expected_s)


@pytest.mark.parametrize(
    ("kind", "subtype", "rate"),
    [
        ("WAV", "PCM_16", 8000),
        ("WAV", "PCM_24", 44_100),
        ("WAV", "ULAW", 8000),
        ("RF64", "PCM_24", 48_000),
        ("FLAC", "PCM_16", 48_000),
        ("OGG", "VORBIS", 44_100),
        ("MP3", "MPEG_LAYER_III", 44_100),
    ],
)
def test_every_usual_format_and_rate_becomes_a_prompt(kind: str, subtype: str, rate: int) -> None:
    at_rate = np.interp(
        np.arange(0, SECONDS + 0.9, 1 / rate),
        np.arange(len(padded(0.5, 0.5))) / SAMPLE_RATE,
        padded(0.5, 0.5),
    )
    take = taken(as_file(at_rate, kind, subtype, rate))
    assert take.seconds == pytest.approx(SECONDS, abs=0.25)
    samples = np.frombuffer(take.pcm, "<i2").astype(np.float32) / np.float32(32768)
    assert loudness(samples) == pytest.approx(TARGET, abs=1.0)
    assert np.abs(samples).max() < 1.0


def test_silence_at_both_ends_is_cut_and_the_words_are_not() -> None:
    take = taken(as_file(padded(1.5, 2.5)))
    assert take.seconds == pytest.approx(SECONDS, abs=0.2)
    assert take.trimmed_s == pytest.approx(4.0, abs=0.2)


def test_the_loudest_channel_is_taken() -> None:
    two = np.column_stack((padded(0.3, 0.3), np.zeros(len(padded(0.3, 0.3)), np.float32)))
    assert taken(as_file(two)).raw_lufs == pytest.approx(
        taken(as_file(padded(0.3, 0.3))).raw_lufs, abs=0.1
    )


def test_what_is_kept_comes_back_bit_by_bit() -> None:
    take = taken(as_file(padded(0.3, 0.3)))
    assert pcm_of(take.as_flac()) == take.pcm


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        (np.zeros(16_000, np.float32), Fault.EMPTY),
        (np.clip(padded(0.3, 0.3) * 40, -1, 1), Fault.CLIPPED),
        (padded(0.5, 0.5, noise=0.1), Fault.NOISY),
        (padded(0.5, 0.5, noise=0.0) * 0.02, Fault.QUIET),
        (padded(0.3, 0.3)[: int(0.55 * SAMPLE_RATE)], Fault.TOO_SHORT),
        (np.tile(padded(0.1, 0.1), 4), Fault.TOO_LONG),
    ],
)
def test_a_bad_take_is_refused_with_its_reason(samples: np.ndarray, fault: Fault) -> None:
    with pytest.raises(BadTake) as refused:
        taken(as_file(samples, subtype="FLOAT"))
    assert refused.value.fault is fault


@pytest.mark.parametrize("rubbish", [b"", b"no sound", b"RIFF" + bytes(40), b"fLaC" + bytes(200)])
def test_what_is_no_sound_is_refused(rubbish: bytes) -> None:
    with pytest.raises(BadTake) as refused:
        taken(rubbish)
    assert refused.value.fault in (Fault.NOT_AUDIO, Fault.EMPTY)


ROOM = padded(0.3, 0.3)
ROOM_S = len(ROOM) / SAMPLE_RATE


def as_mp3(samples: np.ndarray, mode: str = "CONSTANT") -> bytes:
    file = io.BytesIO()
    soundfile.write(
        file, np.repeat(samples, 2), 16_000, format="MP3", compression_level=0.3, bitrate_mode=mode
    )
    return file.getvalue()


def mp3_frames(data: bytes) -> list[bytes]:
    """The frames of what `as_mp3` wrote (MPEG-2, 16 kHz), the one without sound first."""
    kbit = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
    frames, at = [], 0
    while at + 4 <= len(data):
        assert data[at] == 0xFF
        size = 72_000 * kbit[data[at + 2] >> 4] // 16_000 + (data[at + 2] >> 1 & 1)
        frames.append(data[at : at + size])
        at += size
    return frames


def quiet_first(mode: str) -> bytes:
    """An MP3 without a header of its own whose first frame says little of the others."""
    whole = np.concatenate((ROOM, ROOM, ROOM))
    frames = mp3_frames(as_mp3(whole, mode))
    assert b"Info" in frames[0] or b"Xing" in frames[0]
    return b"".join(frames[1:])


@pytest.mark.parametrize("mode", ["CONSTANT", "AVERAGE", "VARIABLE"])
def test_an_mp3_is_decoded_to_its_end_whatever_its_first_frame_has_guessed(mode: str) -> None:
    take = taken(quiet_first(mode), None)
    assert take.seconds + take.trimmed_s == pytest.approx(3 * ROOM_S, abs=0.2)


@pytest.mark.parametrize("behind", [b"TAG" + bytes(125), b"APETAGEX" + b"x" * 40, bytes(300)])
def test_tags_around_an_mp3_are_no_sound_and_no_damage(behind: bytes) -> None:
    before = b"ID3\x04\0\0\0\0\x02\0" + bytes(256)
    take = taken(before + as_mp3(ROOM) + behind)
    assert take.seconds == pytest.approx(taken(as_mp3(ROOM)).seconds, abs=0.1)


def test_two_mp3s_in_one_file_are_both_heard() -> None:
    take = taken(as_mp3(ROOM) + as_mp3(ROOM), None)
    assert take.seconds + take.trimmed_s == pytest.approx(2 * ROOM_S, abs=0.3)


def test_a_wav_whose_header_was_left_behind_is_read_to_its_end() -> None:
    whole = bytearray(as_file(ROOM))
    at = whole.index(b"data") + 4
    for size in (16_000, 0, 0xFFFFFFFF):
        whole[at : at + 4] = size.to_bytes(4, "little")
        take = taken(bytes(whole))
        assert take.seconds + take.trimmed_s == pytest.approx(ROOM_S, abs=0.05)


def test_a_wav_that_is_wrong_about_its_bytes_a_second_is_whole() -> None:
    whole = bytearray(as_file(ROOM))
    for bytes_per_second in (1, 8000, 176_400):
        whole[28:32] = bytes_per_second.to_bytes(4, "little")
        assert taken(bytes(whole)).seconds == taken(as_file(ROOM)).seconds


def test_a_flac_that_knows_of_less_than_it_has_is_read_to_its_end() -> None:
    whole = bytearray(as_file(ROOM, "FLAC"))
    for samples in (8000, 0):
        whole[22:26] = samples.to_bytes(4, "big")
        take = taken(bytes(whole))
        assert take.seconds + take.trimmed_s == pytest.approx(ROOM_S, abs=0.05)


def _cut(data: bytes) -> bytes:
    return data[: len(data) * 6 // 10]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(_cut(as_file(ROOM)), id="WAV"),
        pytest.param(_cut(as_file(ROOM, "WAV", "ULAW")), id="WAV of a telephone"),
        pytest.param(_cut(as_file(ROOM, "RF64")), id="RF64"),
        pytest.param(_cut(as_file(ROOM, "AIFF")), id="AIFF"),
        pytest.param(_cut(as_file(ROOM, "FLAC")), id="FLAC"),
        pytest.param(_cut(as_file(ROOM, "OGG", "VORBIS")), id="Ogg"),
        pytest.param(_cut(as_mp3(ROOM)), id="MP3"),
        pytest.param(b"".join(mp3_frames(as_mp3(ROOM))[:20]), id="MP3 with fewer frames"),
        pytest.param(quiet_first("VARIABLE")[:-30], id="MP3 in its last frame"),
    ],
)
def test_what_has_less_in_it_than_it_promises_is_refused_as_damaged(file: bytes) -> None:
    with pytest.raises(BadTake) as refused:
        taken(file, None)
    assert refused.value.fault is Fault.DAMAGED
    assert refused.value.found is None or refused.value.found < 3.1 * ROOM_S


def test_a_small_file_that_unfolds_to_hours_is_not_unfolded() -> None:
    bomb = as_file(np.zeros(SAMPLE_RATE * 600, np.int16), "FLAC")
    assert len(bomb) < 100_000
    with pytest.raises(BadTake) as refused:
        taken(bomb)
    assert refused.value.fault is Fault.TOO_LONG


def test_a_file_beyond_the_limit_is_not_looked_at() -> None:
    with pytest.raises(BadTake) as refused:
        from_file(bytes(2_000_000), RULES.model_copy(update={"largest_mb": 1.0}), TARGET)
    assert refused.value.fault is Fault.TOO_LARGE


def test_what_was_said_on_a_line_is_taken_too() -> None:
    pcm = (padded(0.4, 0.4) * 32767).astype("<i2").tobytes()
    assert from_pcm(pcm, RULES, TARGET, SECONDS).seconds == pytest.approx(SECONDS, abs=0.25)


def test_every_recording_of_the_service_would_be_taken() -> None:
    """The rules are for people; what is heard today must not break them."""
    refused = []
    for path in sorted(RECORDINGS.rglob("*.flac"))[::7]:
        data = path.read_bytes()
        try:
            from_file(data, RULES, TARGET, soundfile.info(path).duration)
        except BadTake as why:
            refused.append(f"{path.stem}: {why}")
    assert refused == []
