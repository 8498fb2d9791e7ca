"""What each voice sounds like: sounds, their spectrograms, and a page to hear them on.

    .venv/bin/python -m benchmarks.voice_samples [--out docs/voices]

The voices of the recordings are taken from the recordings; espeak-ng speaks the same clips, made
and joined as recordings are.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import numpy as np
import soundfile

from prompts import recorder
from prompts.composer import Composer
from prompts.library import Shelf, load_library
from prompts.loudness import SAMPLE_RATE, as_pcm, levelled, trimmed
from prompts.phrasing import length
from prompts.script import Clip, clips
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase, SlotValue, Utterance
from speech.languages.language import Language
from speech.voices.registry import opened
from speech.voices.settings import EVERYWHERE

SETTINGS = PromptSettings.model_validate({})
ROOM = Path(__file__).parent
PAGE = "index.html"

SAMPLES: dict[str, tuple[tuple[str, dict[str, SlotValue]], ...]] = {
    "number": (("bundle.done", {"ubr": "4081627395"}), ("bundle.repeat", {"key": "1"})),
    "read-back": (
        ("bundle.one_cargo", {"ccrns": ["2024051812345"], "vehicle": "AB1234"}),
        ("confirm.right", {"key": "1"}),
    ),
    "sentence": (("unladen.advice", {}),),
}

LOWEST_DB, HIGHEST_DB = -70.0, -10.0
POINTS, STEP = 256, 40
"""Of a spectrogram: samples a window, and from window to window (5 ms)."""
HIGH = 96
"""Pixels of a picture from 0 to 4000 Hz."""


@dataclass
class Spoken:
    """Recordings that a voice makes when they are asked for (a `prompts.library.Shelf`)."""

    speaker: recorder.Speaker
    thread: ThreadPoolExecutor
    _made: dict[Clip, memoryview] = field(default_factory=dict)

    def clip(self, language: Language, name: str) -> memoryview | None:
        clip = next(clip for clip in clips(language) if clip.name == name)
        if clip not in self._made:
            speech = self.thread.submit(self.speaker.spoken, clip).result()
            sound = recorder.for_a_telephone(speech, length(clip))
            pcm = as_pcm(levelled(trimmed(sound), SETTINGS.loudness_lufs))
            self._made[clip] = memoryview(pcm)
        return self._made[clip]

    def words(self, language: Language, name: str) -> str | None:
        return None

    def changed(self) -> bool:
        return False


@dataclass(frozen=True)
class Sample:
    """One row of the page: the same words by each voice."""

    name: str
    language: Language
    text: str
    voices: tuple[str, ...]


def write(path: Path, utterance: Utterance) -> None:
    """The sound, small and for any browser, and its spectrogram beside it."""
    samples = np.frombuffer(utterance.pcm, "<i2").astype(np.float32) / np.float32(32768)
    soundfile.write(path, samples, SAMPLE_RATE, format="MP3")
    draw(samples, path.with_suffix(".png"))


def draw(samples: np.ndarray, path: Path) -> None:
    """Time to the right, pitch upwards, dark where it is loud."""
    from PIL import Image
    from scipy.signal import spectrogram

    _, _, power = spectrogram(
        samples, SAMPLE_RATE, nperseg=POINTS, noverlap=POINTS - STEP, mode="magnitude"
    )
    loud = 20 * np.log10(power / power.max() + 1e-9)
    grey = 255 * (loud - HIGHEST_DB) / (LOWEST_DB - HIGHEST_DB)
    picture = Image.fromarray(np.clip(grey[::-1], 0, 255).astype(np.uint8), "L")
    picture = picture.resize((max(1, picture.width // 3), HIGH)).quantize(16)
    picture.save(path, optimize=True)


async def samples(out: Path, shelves: Mapping[str, Shelf]) -> list[Sample]:
    """Write the sounds of each row, by every voice."""
    rows = []
    for language in Language:
        for name, phrases in SAMPLES.items():
            text = ""
            for voice, shelf in shelves.items():
                composer = Composer(shelf, SETTINGS, StandIns(SETTINGS, Path("never")))
                utterance = await composer.compose(
                    [Phrase(language, prompt, slots) for prompt, slots in phrases]
                )
                write(out / f"{language}-{name}-{voice}.mp3", utterance)
                text = utterance.text
            rows.append(Sample(name, language, text, tuple(shelves)))
    return rows


def page(rows: list[Sample]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOM / "support"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("voices.html.j2").render(
        rows=rows, languages=list(Language), recordings=SETTINGS.voices
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("docs/voices"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    espeak = opened(EVERYWHERE, SETTINGS.voices)
    with ThreadPoolExecutor(1) as thread:  # of its own: the voice has an event loop
        spoken = Spoken(recorder.Speaker(espeak), thread)
        rows = asyncio.run(samples(asked.out, {"service": load_library(), EVERYWHERE: spoken}))
    espeak.close()
    (asked.out / PAGE).write_text(page(rows), encoding="utf-8")
    size = sum(path.stat().st_size for path in asked.out.iterdir())
    print(f"{asked.out / PAGE}: {len(rows)} samples, {size // 1000} kB with sounds and pictures")


if __name__ == "__main__":
    main()
