"""Makes a directory that Vosk loads from a trained network and a lexicon.

Needs OpenFst's tools and its look-ahead plugin (Debian: libfst-tools, libfst22-plugins-base).
"""

from __future__ import annotations

import math
import os
import subprocess
import tempfile
from pathlib import Path

from speech.recognition.words import SELDOM_UNKNOWN, UNKNOWN
from speech.training.features import MFCC_CONF
from speech.training.graph import Costs, Fst, word_loop
from speech.training.kaldi_model import write_model
from speech.training.lexicon import Lexicon
from speech.training.network import TimeDelayNetwork
from speech.training.units import UnitTable

_PLUGINS = Path("/usr/lib/x86_64-linux-gnu/fst/22")
_NO_DISAMBIGUATION = "1000000\n"
"""Vosk requires the file; a graph without disambiguation symbols has no such transition-id."""

MODEL_CONF = """--min-active=200
--max-active=2000
--beam=11
--lattice-beam=4
--acoustic-scale=1.0
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule1.min-trailing-silence=30
--endpoint.rule2.min-trailing-silence=30
--endpoint.rule3.min-trailing-silence=30
--endpoint.rule4.min-trailing-silence=30
--endpoint.rule5.min-utterance-length=60
"""
"""`speech.recognition` decides where an utterance ends, since it knows what a whole answer is."""


def export(network: TimeDelayNetwork, lexicon: Lexicon, directory: Path, costs: Costs) -> None:
    """Write the model. Raises FileNotFoundError or CalledProcessError without OpenFst's tools."""
    for part in ("am", "conf", "graph/phones"):
        (directory / part).mkdir(parents=True, exist_ok=True)
    table = UnitTable(lexicon.units)
    layers, weights, bias = network.layers()
    write_model(directory / "am/final.mdl", table, layers, weights, bias, network.context)
    (directory / "conf/mfcc.conf").write_text(MFCC_CONF)
    (directory / "conf/model.conf").write_text(MODEL_CONF)
    export_graph(lexicon, directory, costs)


def export_graph(lexicon: Lexicon, directory: Path, costs: Costs) -> None:
    """Write the files that do not depend on the network. Raises as `export` does."""
    graph, table = directory / "graph", UnitTable(lexicon.units)
    (graph / "phones").mkdir(parents=True, exist_ok=True)
    (graph / "phones/word_boundary.int").write_text(table.word_boundaries)
    (graph / "disambig_tid.int").write_text(_NO_DISAMBIGUATION)
    vocabulary = ["<eps>", UNKNOWN, SELDOM_UNKNOWN, *sorted(lexicon.words)]
    numbers = {word: number for number, word in enumerate(vocabulary)}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        word_loop(lexicon, table, numbers, costs).write(scratch / "loop.fst")
        relabelled = _look_ahead(scratch, graph / "HCLr.fst")
        words = {word: relabelled.get(number, number) for word, number in numbers.items()}
        words["<eps>"] = 0
        _any_word(words, scratch, graph / "Gr.fst")
    listed = sorted(words.items(), key=lambda item: item[1])
    (graph / "words.txt").write_text("".join(f"{word} {number}\n" for word, number in listed))


def _look_ahead(scratch: Path, result: Path) -> dict[int, int]:
    """Make the loop a look-ahead graph; returns the new number of each word."""
    _fst("fstarcsort", "--sort_type=olabel", scratch / "loop.fst", scratch / "sorted.fst")
    pairs = scratch / "relabel"
    _fst(
        *("fstconvert", "--fst_type=olabel_lookahead", f"--save_relabel_opairs={pairs}"),
        *(scratch / "sorted.fst", result),
    )
    rows = (line.split() for line in pairs.read_text().splitlines() if line.strip())
    return {int(old): int(new) for old, new in rows}


def _any_word(words: dict[str, int], scratch: Path, result: Path) -> None:
    """The grammar until another one is set: any words in any order."""
    grammar = Fst()
    grammar.final[0] = 0.0
    for number in sorted(words.values()):
        if number:
            grammar.arc(0, number, number, math.log(len(words) - 1), 0)
    grammar.write(scratch / "any.fst")
    _fst("fstarcsort", "--sort_type=ilabel", scratch / "any.fst", scratch / "any-sorted.fst")
    _fst("fstconvert", "--fst_type=const", scratch / "any-sorted.fst", result)


def _fst(*command: str | Path) -> None:
    environment = {**os.environ, "LD_LIBRARY_PATH": str(_PLUGINS)}
    subprocess.run(command, check=True, env=environment, capture_output=True)
