"""Train models, languages together, and write the directories that Vosk loads."""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path

import torch

from speech.language import Language
from speech.recognition.words import LETTERS
from speech.training.dataset import Plan, build
from speech.training.engines import ENGINES
from speech.training.export import export
from speech.training.graph import Costs
from speech.training.lexicon import Lexicon
from speech.training.network import TimeDelayNetwork
from speech.training.recorded import Clips, recorded, saytime
from speech.training.train import WIDTH, Lesson, train

SYNTHETIC, COPIES = 4200, 2
REAL = 5400
"""Utterances made of recorded clips, shared among the people."""
LETTERS_OF_OTHERS = 720
EPOCHS = 8


def plan_for(lexicon: Lexicon, people: dict[str, Clips], without: list[str], scale: float) -> Plan:
    """Which voices, and how much of each. Raises ValueError for an unknown person left out."""
    missing = set(without) - set(people) - {engine.name for engine in ENGINES}
    if missing:
        raise ValueError(f"nobody is called {', '.join(sorted(missing))}")
    left = {name: clips for name, clips in people.items() if name not in without}
    own = [clips for clips in left.values() if clips.language is lexicon.language]
    shares = [(clips, round(REAL * scale / len(own))) for clips in own]
    if lexicon.language is not Language.ENGLISH:
        shares += [
            (clips, round(LETTERS_OF_OTHERS * scale))
            for clips in left.values()
            if clips.language is Language.ENGLISH and clips.of.keys() & set(LETTERS)
        ]
    engines = [engine for engine in ENGINES if engine.name not in without]
    return Plan(lexicon, round(SYNTHETIC * scale), COPIES, shares, engines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m speech.training", description=__doc__)
    parser.add_argument("languages", nargs="+", type=Language, choices=list(Language))
    parser.add_argument("--recorded", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder of the models' directories")
    parser.add_argument("--without", nargs="*", default=[], help="people to leave out, to measure")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the data")
    parser.add_argument("--width", type=int, default=WIDTH, help="of the network's layers")
    parser.add_argument("--word-cost", type=float, default=Costs.word)
    parser.add_argument("--unknown-cost", type=float, default=Costs.unknown)
    parser.add_argument("--seldom-unknown-cost", type=float, default=Costs.seldom_unknown)
    parser.add_argument("--again", action="store_true", help="write trained networks anew")
    asked = parser.parse_args()
    costs = Costs(asked.word_cost, asked.unknown_cost, asked.seldom_unknown_cost)
    lexicons = {language: Lexicon.of(language) for language in asked.languages}
    if asked.again:
        for language, lexicon in lexicons.items():
            network = TimeDelayNetwork(2 * len(lexicon.units), asked.width)
            network.load_state_dict(torch.load(asked.out / f"{language}.pt"))
            network.eval()
            export(network, lexicon, asked.out / language, costs)
        return
    began = time.monotonic()
    people = recorded(asked.recorded) | {"saytime": saytime()}
    plans = {
        language: plan_for(lexicon, people, asked.without, asked.scale)
        for language, lexicon in lexicons.items()
    }
    lessons = {language: _lesson(plan) for language, plan in plans.items()}
    networks = train(lessons, epochs=asked.epochs, width=asked.width)
    minutes = round((time.monotonic() - began) / 60)
    for language, network in networks.items():
        directory = asked.out / language
        directory.mkdir(parents=True, exist_ok=True)
        torch.save(network.state_dict(), directory.with_suffix(".pt"))
        export(network, lexicons[language], directory, costs)
        trained = {
            "language": language,
            "together_with": [other for other in lessons if other is not language],
            "speakers": [clips.speaker for clips, _ in plans[language].people],
            "voices": ["espeak-ng", *(engine.name for engine in plans[language].engines)],
            "utterances": len(lessons[language].data),
            "hours": round(_hours(lessons[language]), 1),
            "epochs": asked.epochs,
            "minutes": minutes,
            "costs": dataclasses.asdict(costs),
        }
        (directory / "trained.json").write_text(json.dumps(trained, indent=1) + "\n")


def _lesson(plan: Plan) -> Lesson:
    lesson = Lesson(build(plan), plan.lexicon.units)
    print(
        f"{plan.lexicon.language}: {len(lesson.data)} utterances, {_hours(lesson):.1f} h, "
        f"{len(lesson.units)} units",
        flush=True,
    )
    return lesson


def _hours(lesson: Lesson) -> float:
    return sum(len(one.features) for one in lesson.data) / 360_000


if __name__ == "__main__":
    main()
