"""English letters as Hong Kong says them.

As in the speech models' lexicon (`speech/training/lexicons/yue.txt`), the first way of each.
"""

from __future__ import annotations

LETTERS = {
    "A": "ei1", "B": "bi1", "C": "si1", "D": "di1", "E": "ji1", "F": "e1 fu4", "G": "zi1",
    "H": "ik1 cyu4", "I": "aai1", "J": "zei1", "K": "kei1", "L": "e1 lou4", "M": "em1",
    "N": "en1", "O": "ou1", "P": "pi1", "Q": "kiu1", "R": "aa1 lou4", "S": "e1 si4", "T": "ti1",
    "U": "jiu1", "V": "wi1", "W": "dap1 biu1", "X": "ik1 si4", "Y": "waai1", "Z": "ji6 set1",
}  # fmt: skip
SPELT_OUT = {"F夫": "F", "L佬": "L", "S士": "S", "X士": "X", "E Z": "Z"}
"""Letters whose Hong Kong pronunciation the catalogue writes out
(`speech/languages/cantonese.py`)."""
