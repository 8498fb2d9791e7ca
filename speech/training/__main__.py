"""Train one language's model and write the directory that Vosk loads."""

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
from speech.training.export import export
from speech.training.graph import Costs
from speech.training.lexicon import Lexicon
from speech.training.network import TimeDelayNetwork
from speech.training.recorded import Clips, recorded
from speech.training.train import WIDTH, train

SYNTHETIC, COPIES = 4200, 2
REAL = 5400
"""Utterances made of recorded clips, shared among the people."""
LETTERS_OF_OTHERS = 720
EPOCHS = 8


def plan_for(lexicon: Lexicon, people: dict[str, Clips], without: list[str], scale: float) -> Plan:
    """Which voices, and how much of each. Raises ValueError for an unknown person left out."""
    missing = set(without) - set(people)
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
    return Plan(lexicon, round(SYNTHETIC * scale), COPIES, shares)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m speech.training", description=__doc__)
    parser.add_argument("language", type=Language, choices=list(Language))
    parser.add_argument("--recorded", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="the model's directory")
    parser.add_argument("--without", nargs="*", default=[], help="people to leave out, to measure")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the data")
    parser.add_argument("--width", type=int, default=WIDTH, help="of the network's layers")
    parser.add_argument("--word-cost", type=float, default=Costs.word)
    parser.add_argument("--unknown-cost", type=float, default=Costs.unknown)
    parser.add_argument("--seldom-unknown-cost", type=float, default=Costs.seldom_unknown)
    parser.add_argument("--network", type=Path, help="write an already trained network anew")
    asked = parser.parse_args()
    lexicon = Lexicon.of(asked.language)
    costs = Costs(asked.word_cost, asked.unknown_cost, asked.seldom_unknown_cost)
    if asked.network is not None:
        network = TimeDelayNetwork(2 * len(lexicon.units), asked.width)
        network.load_state_dict(torch.load(asked.network))
        network.eval()
        export(network, lexicon, asked.out, costs)
        return
    began = time.monotonic()
    plan = plan_for(lexicon, recorded(asked.recorded), asked.without, asked.scale)
    data = build(plan)
    hours = sum(len(one.features) for one in data) / 360_000
    print(f"{len(data)} utterances, {hours:.1f} h, {len(lexicon.units)} units", flush=True)
    network = train(data, lexicon.units, epochs=asked.epochs, width=asked.width)
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), asked.out.with_suffix(".pt"))
    export(network, lexicon, asked.out, costs)
    (asked.out / "trained.json").write_text(
        json.dumps(
            {
                "language": asked.language,
                "speakers": [clips.speaker for clips, _ in plan.people],
                "utterances": len(data),
                "hours": round(hours, 1),
                "epochs": asked.epochs,
                "minutes": round((time.monotonic() - began) / 60),
                "costs": dataclasses.asdict(costs),
            },
            indent=1,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
