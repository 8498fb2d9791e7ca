"""How well voices are understood, what speaking costs, and how long a bundling takes to hear.

    .venv/bin/python -m benchmarks.voices clarity [--voices espeak-ng,kokoro] [--speakers NAMES]
    .venv/bin/python -m benchmarks.voices cost [--voices espeak-ng,kokoro]
    .venv/bin/python -m benchmarks.voices bundling [--recordings FOLDER]

Clarity: strings of 13 digits, joined by the composer's pauses, through A-law and 1 % of packets
lost, heard by the project's own recogniser; and by pocketsphinx, where it is installed and the
language is English. The recogniser learnt from some of the voices and hears none as a person would:
what it names tells voices apart, and is no share of what people understand.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.support.edits import distance
from prompts.composer import HONG_KONG, Composer
from prompts.library import RECORDINGS, load_library
from prompts.loudness import SAMPLE_RATE, Samples, levelled, trimmed
from prompts.settings import PromptSettings
from prompts.stand_in import StandIns
from prompts.utterance import Phrase, SlotValue
from speech.languages.language import Language
from speech.languages.registry import FORMS
from speech.spoken.unit import Place, Unit

STRINGS = 20
LENGTH = 13
LOSS = 0.01
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
"""I, O and Q are not used in registration marks."""

SETTINGS = PromptSettings.model_validate({})
CCRN, UBR = "2024051812345", "4081627395"
VEHICLES = ("AB1234", "WE8888")


def through_a_line(sound: Samples, rng: np.random.Generator) -> bytes:
    """Send sound from -1 to 1 over a line: lost packets, a little noise, A-law."""
    from speech.training.augment import lossy, pcm, through_g711

    quiet = np.zeros(SAMPLE_RATE // 2, np.float32)
    line = np.concatenate([quiet, sound * 32768, quiet]).astype(np.float32)
    line = lossy(line, LOSS, rng, repeat=True) + rng.normal(0, 6, len(line)).astype(np.float32)
    return pcm(through_g711(np.clip(line, -32700, 32700), a_law=True))


def joined(number: str, clips: Mapping[str, Samples], language: Language) -> Samples:
    """Digits in groups, as the composer joins them."""
    pieces: list[Samples] = []
    for digit in FORMS[language].digits(number):
        unit = digit.name if isinstance(digit, Unit) else ""
        gap = SETTINGS.unit_gap_ms if unit else SETTINGS.group_gap_ms - SETTINGS.unit_gap_ms
        pieces.append(np.zeros(gap * SAMPLE_RATE // 1000, np.float32))
        if unit:
            pieces.append(clips[unit])
    return np.concatenate(pieces)


def digits(language: Language) -> list[Unit]:
    """All digits, each at every place of a group."""
    forms = FORMS[language]
    return [forms.digit(digit, place) for digit in "0123456789" for place in Place]


def spoken(voice: Any, language: Language) -> dict[str, Samples]:
    """Digits as `prompts record` makes them."""
    from prompts import recorder
    from prompts.phrasing import length
    from prompts.script import unit_clip

    clips, speaker = {}, recorder.Speaker(voice)
    for unit in digits(language):
        clip = unit_clip(language, unit.name, unit.speech)
        sound = recorder.for_a_telephone(speaker.spoken(clip), length(clip))
        clips[unit.name] = levelled(trimmed(sound), SETTINGS.loudness_lufs)
    return clips


def recorded(directory: Path, language: Language) -> dict[str, Samples]:
    library = load_library(directory)
    names = [unit.name for unit in digits(language)]
    return {
        name: np.frombuffer(library.clip(language, f"unit/{name}") or b"", "<i2").astype(np.float32)
        / np.float32(32768)
        for name in names
    }


def by_vosk(language: Language) -> Any:
    from speech.recognition.digits import DigitGrammar
    from speech.recognition.models import load_one
    from speech.recognition.utterance import UtteranceRecogniser

    model = load_one(Path(__file__).parents[1] / "speech/models" / language)

    def recognise(pcm: bytes) -> str:
        recogniser = UtteranceRecogniser(model, DigitGrammar(language, 1, 20), 10)
        for at in range(0, len(pcm), 1280):
            recogniser.hear(pcm[at : at + 1280])
        return next((reading.meaning.text for reading in recogniser.readings()), "")

    return recognise


def by_pocketsphinx() -> Any:
    """A second opinion on English digits; None where it is not installed."""
    try:
        from pocketsphinx import Decoder
    except ImportError:
        return None
    import soxr

    words = dict(zip(FORMS[Language.ENGLISH].digit_names, "0123456789", strict=True))
    grammar = f"#JSGF V1.0; grammar digits; public <digits> = ({' | '.join(words)})+;"
    decoder = Decoder(samprate=16000, loglevel="FATAL", lm=None)
    decoder.add_jsgf_string("digits", grammar)
    decoder.activate_search("digits")

    def recognise(pcm: bytes) -> str:
        wide = soxr.resample(np.frombuffer(pcm, "<i2").astype(np.float32), 8000, 16000)
        decoder.start_utt()
        decoder.process_raw(wide.astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return "".join(words.get(word, "") for word in found.hypstr.split()) if found else ""

    return recognise


def errors(clips: Mapping[str, Samples], language: Language, ear: Any, seed: int) -> float:
    """Share of digits misunderstood, percent."""
    rng, wrong = np.random.default_rng(seed), 0
    for _ in range(STRINGS):
        number = "".join(rng.choice(list("0123456789"), LENGTH))
        wrong += distance(number, ear(through_a_line(joined(number, clips, language), rng)))
    return 100 * wrong / (STRINGS * LENGTH)


def voices(names: str, speakers: str) -> Iterable[tuple[str, Any]]:
    """The voices by name; kokoro with the named speakers, if there are any."""
    from speech.voices.kokoro import KokoroVoice
    from speech.voices.registry import opened

    for name in names.split(","):
        if name != "kokoro" or not speakers:
            yield name, opened(name, SETTINGS.voices)
            continue
        for speaker in speakers.split(","):
            tongue = Language.PUTONGHUA if speaker[0] == "z" else Language.ENGLISH
            voice = KokoroVoice(SETTINGS.voices.files, {tongue: speaker})
            yield f"kokoro {speaker}", voice


def clarity(asked: argparse.Namespace) -> None:
    table = Table("language", "voice", "digit errors", "pocketsphinx", "digits a second")
    console, sphinx = Console(), by_pocketsphinx()
    ears = {language: by_vosk(language) for language in asked.languages}
    rows: list[tuple[str, Language, dict[str, Samples]]] = [
        ("the recordings", language, recorded(asked.recordings, language))
        for language in asked.languages
    ]
    for name, voice in voices(asked.voices, asked.speakers):
        for language in asked.languages:
            if language in voice.languages:
                rows.append((name, language, spoken(voice, language)))
        voice.close()
    for name, language, clips in sorted(rows, key=lambda row: (row[1], row[0])):
        pace = len(clips) * SAMPLE_RATE / sum(map(len, clips.values()))
        own = errors(clips, language, ears[language], asked.seed)
        second = "–"
        if sphinx is not None and language is Language.ENGLISH:
            second = f"{errors(clips, language, sphinx, asked.seed):.1f} %"
        table.add_row(language, name, f"{own:.1f} %", second, f"{pace:.1f}")
    console.print(table)


TEXTS = {
    Language.ENGLISH: "Please key the cargo reference number, then hash.",
    Language.PUTONGHUA: "请输入货物编号，再按井号键。",
    Language.CANTONESE: "請輸入貨物編號，再撳井號鍵。",
}


def cost(asked: argparse.Namespace) -> None:
    """Seconds needed for a second of sound: processor time; for espeak-ng's process, time by the
    clock."""
    table = Table("language", "voice", "seconds a second of sound", "first text after, s")
    for name, voice in voices(asked.voices, ""):
        began = time.monotonic()
        for language in sorted(voice.languages):
            voice.speak(TEXTS[language], language)
            first = time.monotonic() - began
            ratios = []
            for _ in range(5):
                clock, processor = time.monotonic(), time.process_time()
                speech = voice.speak(TEXTS[language], language)
                own = time.process_time() - processor
                taken = time.monotonic() - clock if name == "espeak-ng" else own
                ratios.append(taken / speech.seconds)
            table.add_row(language, name, f"{statistics.median(ratios):.2f}", f"{first:.1f}")
        voice.close()
    Console().print(table)


def steps(language: Language) -> dict[str, list[Phrase]]:
    """A bundling in which every prompt is heard to its end: prompts for speech, two vehicles on
    file."""

    def phrase(prompt: str, **slots: SlotValue) -> Phrase:
        return Phrase(language, prompt, slots)

    def options(menu: str, *choices: tuple[str, str]) -> list[Phrase]:
        return [phrase(f"{menu}.{name}", key=key) for key, name in choices]

    right = options("confirm", ("1", "right"), ("2", "wrong"))
    return {
        "greeting in three languages": [
            Phrase(language, "welcome.greeting") for language in Language
        ],
        "choice of language": [
            Phrase(greeted, "welcome.language", {"key": str(key)})
            for key, greeted in enumerate(Language, start=1)
        ],
        "user ID asked": [phrase("login.user_id.say", length=8)],
        "PIN asked": [phrase("login.pin.say", length=6)],
        "code asked": [phrase("login.code.say", length=6)],
        "logged in": [phrase("login.welcome")],
        "main menu, six options": [
            phrase("main_menu.intro"),
            *options("main_menu", ("1", "bundle"), ("2", "own_bundles"), ("3", "unladen")),
            *options("main_menu", ("8", "language"), ("0", "hotline"), ("9", "goodbye")),
        ],
        "CCRN asked": [phrase("ccrn.say")],
        "CCRN read back, three options": [
            phrase("ccrn.accepted", ccrn=CCRN),
            *options("ccrn", ("1", "go_on"), ("2", "add"), ("3", "rekey")),
        ],
        "which vehicle": [
            phrase("vehicle.which"),
            *(
                phrase("vehicle.option", vehicle=mark, key=str(key))
                for key, mark in enumerate(VEHICLES, start=1)
            ),
            phrase("vehicle.other", key="9"),
        ],
        "order read back, two options": [
            phrase("bundle.one_cargo", ccrns=[CCRN], vehicle=VEHICLES[0]),
            *right,
        ],
        "UBR and when to cross": [
            phrase("bundle.done", ubr=UBR),
            phrase("bundle.cross_from", at=datetime.now(HONG_KONG) + timedelta(hours=1)),
        ],
        "what next, four options": [
            *options("bundle", ("1", "repeat"), ("4", "by_text"), ("2", "another"), ("3", "finish"))
        ],
        "goodbye": [phrase("goodbye.plain")],
    }


async def bundling(asked: argparse.Namespace) -> None:
    composer = Composer(load_library(asked.recordings), SETTINGS, StandIns(SETTINGS, Path("never")))
    table = Table("seconds", *asked.languages)
    sums = dict.fromkeys(asked.languages, 0.0)
    to_ubr = dict(sums)
    longest: list[tuple[float, str]] = []
    for step in steps(Language.ENGLISH):
        row = []
        for language in asked.languages:
            phrases = steps(language)[step]
            whole = await composer.compose(phrases)
            if whole.stand_ins:
                raise SystemExit(f"{language}: not from recordings: {whole.stand_ins}")
            for phrase in phrases:
                alone = await composer.compose([phrase])
                longest.append((alone.seconds, f"{phrase.language} {phrase.prompt}"))
            row.append(f"{whole.seconds:.1f}")
            sums[language] += whole.seconds
            if step not in ("what next, four options", "goodbye"):
                to_ubr[language] += whole.seconds
        table.add_row(step, *row)
    table.add_row("sum", *(f"{sums[language]:.0f}" for language in asked.languages))
    table.add_row(
        "to the end of the UBR", *(f"{to_ubr[language]:.0f}" for language in asked.languages)
    )
    console = Console()
    console.print(table)
    menus = [
        prompt for prompt in longest if prompt[1].split()[1].startswith(("main_menu.", "confirm."))
    ]
    console.print("longest menu option:", *max(menus))
    greetings = [prompt for prompt in longest if prompt[1].split()[1] == "welcome.greeting"]
    console.print("longest greeting:", *max(greetings))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=["clarity", "cost", "bundling"])
    parser.add_argument("--languages", nargs="+", type=Language, default=list(Language))
    parser.add_argument("--voices", default="espeak-ng,kokoro")
    parser.add_argument("--speakers", default="", help="of kokoro, such as af_bella,zf_xiaoxiao")
    parser.add_argument("--recordings", type=Path, default=RECORDINGS)
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    match asked.what:
        case "clarity":
            clarity(asked)
        case "cost":
            cost(asked)
        case "bundling":
            asyncio.run(bundling(asked))


if __name__ == "__main__":
    main()
