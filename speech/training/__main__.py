"""Train models, languages together, and write the directories that Vosk loads.

    python -m speech.training yue cmn en --features FOLDER --out FOLDER --keep FOLDER

`--features` is what `speech.training.telephoned` wrote. A training that was interrupted goes on
after its last whole epoch when it is asked for again with the same `--keep`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path

from speech.languages.language import Language
from speech.training import telephoned
from speech.training.export import export, export_graph
from speech.training.graph import COSTS, Costs
from speech.training.lexicon import Lexicon
from speech.training.network import DEPTH, TimeDelayNetwork
from speech.training.taught import Taught
from speech.training.train import LEARNING_RATE, WIDTH, Lesson, Schedule, mean_of, train

EPOCHS = 8


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m speech.training", description=__doc__)
    parser.add_argument(
        "languages", nargs="*", type=Language, choices=list(Language), default=list(Language)
    )
    parser.add_argument("--features", type=Path, help="folder of shards, by language")
    parser.add_argument("--out", type=Path, required=True, help="folder of the models' directories")
    parser.add_argument("--keep", type=Path, help="folder of the training's state")
    parser.add_argument("--start", type=Path, help="folder of models to train on from")
    parser.add_argument("--taught", type=Path, help="what `speech.training.teacher` wrote")
    parser.add_argument("--weight-of-taught", type=float, default=0.2)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--rate", type=float, default=LEARNING_RATE)
    parser.add_argument("--share", type=float, default=1.0, help="of the data, to compare ways")
    parser.add_argument("--width", type=int, default=WIDTH, help="of the network's layers")
    parser.add_argument("--depth", type=int, default=DEPTH, help="its layers after the second")
    parser.add_argument("--processes", type=int, default=1, help="best one for each core")
    parser.add_argument(
        "--half-precision", action="store_true", help="bfloat16: quick on processors with AMX only"
    )
    for cost in dataclasses.fields(Costs):
        name = "--cost-" + cost.name.replace("_", "-")
        parser.add_argument(name, type=float, help="of the graph, instead of the tuned one")
    parser.add_argument(
        "--again",
        type=_epoch_and_share,
        nargs="+",
        metavar="EPOCH[:SHARE]",
        help="write the networks of an epoch that is kept, or the mean of some",
    )
    parser.add_argument(
        "--graph", action="store_true", help="write the graphs of the models in --out anew, no more"
    )
    asked = parser.parse_args()
    given = {
        field.name: getattr(asked, f"cost_{field.name}") for field in dataclasses.fields(Costs)
    }
    given = {name: cost for name, cost in given.items() if cost is not None}
    costs = {
        language: dataclasses.replace(COSTS[language], **given) for language in asked.languages
    }
    lexicons = {language: Lexicon.of(language) for language in asked.languages}
    if asked.graph:
        for language, lexicon in lexicons.items():
            export_graph(lexicon, asked.out / language, costs[language])
        return
    if asked.again is not None:
        shares = dict(asked.again)
        for language, lexicon in lexicons.items():
            network = mean_of(asked.keep, language, shares)
            export(network, lexicon, asked.out / language, costs[language])
        return
    if asked.features is None:
        parser.error("--features is needed")
    began = time.monotonic()
    lessons = {
        language: _lesson(asked.features, lexicon, asked.share)
        for language, lexicon in lexicons.items()
    }
    schedule = Schedule(
        asked.epochs,
        asked.width,
        asked.depth,
        asked.rate,
        asked.start,
        asked.weight_of_taught,
        asked.keep,
        asked.processes,
        asked.half_precision,
    )
    around = TimeDelayNetwork(2, asked.width, asked.depth).context
    taught = Taught(asked.taught, around, share=asked.share) if asked.taught else None
    networks = train(lessons, schedule, taught)
    minutes = round((time.monotonic() - began) / 60)
    for language, network in networks.items():
        directory = asked.out / language
        directory.mkdir(parents=True, exist_ok=True)
        export(network, lexicons[language], directory, costs[language])
        trained = {
            "language": language,
            "together_with": [other for other in lessons if other is not language],
            "people": "speech/training/people.csv: training",
            "utterances": len(lessons[language].data),
            "hours": round(_hours(lessons[language]), 1),
            "epochs": asked.epochs,
            "trained_on_from": "the model before it" if asked.start else "nothing",
            "taught_by": "Whisper base's encoder" if asked.taught else "labels alone",
            "minutes": minutes,
            "costs": dataclasses.asdict(costs[language]),
        }
        (directory / "trained.json").write_text(json.dumps(trained, indent=1) + "\n")


def _epoch_and_share(text: str) -> tuple[int, float]:
    epoch, _, share = text.partition(":")
    return int(epoch), float(share or 1.0)


def _lesson(features: Path, lexicon: Lexicon, share: float) -> Lesson:
    data = list(telephoned.load(features / lexicon.language))
    step = max(1, round(1 / share))
    lesson = Lesson(data[::step], lexicon.units)
    print(
        f"{lexicon.language}: {len(lesson.data)} utterances, {_hours(lesson):.1f} h, "
        f"{len(lesson.units)} units",
        flush=True,
    )
    return lesson


def _hours(lesson: Lesson) -> float:
    return sum(len(example.features) for example in lesson.data) / 360_000


if __name__ == "__main__":
    main()
