"""A language is added by a few files: a made-up one, in a copy of the project.

It has the English texts and words under the tag `qaa`, which ISO 639 leaves to local use. What this
test touches is what docs/adding-a-language.md says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(
    *(".*", "__pycache__", "*.egg-info", "var", "docs", "recordings", "yue", "cmn", "en")
)
MOST_FILES, MOST_CODE = 9, 5

LANGUAGE = '''
"""A made-up language, which is English by another name."""

from speech.languages.language import Language
from speech.languages.english import EnglishForms
from speech.languages.spoken_language import SpokenLanguage

MADE_UP = SpokenLanguage(
    language=Language.MADE_UP,
    bcp47="x-made-up",
    names={"en": "Made-up", "zh-Hant": "虛構語"},
    forms=EnglishForms(),
    voice="gmw/en-US",
    digits=("nil", "wan", "tuu", "tri", "for", "fai", "siks", "sebn", "eit", "nain"),
    regions=frozenset({"AQ"}),
)
'''

CALL = """
import pytest
from tests.support.fakes.flows_on_paper import CARGO, LOG_IN, PaperCall

from call_flows.call_context import Conclusion
from ivr.records.calling_number import CallingNumber, NumberKind
from ivr.sms.receipts import receipt_text
from rocars.messages import Language as Preferred
from speech.languages.language import Language
from speech.languages.registry import first_in
from speech.recognition.phrase_book import SpokenChoice, phrase_book
from speech.training.lexicon import Lexicon

pytestmark = [pytest.mark.unit, pytest.mark.looptime]


async def test_a_driver_bundles_in_it(paper: PaperCall) -> None:
    script = (("welcome.language", "4"), *LOG_IN, ("main_menu.intro", "1"))
    script += (("ccrn.ask", CARGO + "#"), ("ccrn.accepted", "1"), ("vehicle.which", "1"))
    await paper.run(*script, ("bundle.one_cargo", "1"), ("bundle.repeat", "3"))
    (receipt,) = paper.rocars.receipts
    assert f"qaa bundle.done ubr={receipt.ubr}" in paper.words
    assert paper.context.notes.conclusion is Conclusion.COMPLETED
    assert receipt_text(receipt, Language.MADE_UP).startswith("ROCARS bundling reference")


def test_it_can_be_spoken_and_trained() -> None:
    menu = phrase_book(Language.MADE_UP).menu([SpokenChoice("4", ("welcome.language.qaa",))])
    assert {"made up", "for"} <= set(menu.meanings)
    assert "oh" in Lexicon.of(Language.MADE_UP).words


def test_who_hears_and_prefers_it() -> None:
    assert first_in("AQ") is Language.MADE_UP
    assert "qaa" in Preferred.__args__
"""


class Copy:
    """A copy of the project, and the files in it that somebody has touched."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.touched: set[str] = set()
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)

    def write(self, path: str, text: str) -> None:
        assert not (self.root / path).exists(), path
        self.touched.add(path)
        (self.root / path).write_text(text, encoding="utf-8")

    def change(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
        self.touched.add(path)
        (self.root / path).write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *arguments: str) -> str:
        """What a program of the copy prints. Fails when it does."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ROCARS_IVR")}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment | {"PYTHONPATH": str(self.root)},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "project")


def english(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def add_the_language(copy: Copy) -> None:
    copy.change(
        "speech/languages/language.py",
        '    ENGLISH = "en"\n',
        '    ENGLISH = "en"\n    MADE_UP = "qaa"\n',
    )
    copy.write("speech/languages/made_up.py", LANGUAGE.lstrip())
    registry = "speech/languages/registry.py"
    copy.change(
        registry, "(CANTONESE, PUTONGHUA, ENGLISH)", "(CANTONESE, PUTONGHUA, ENGLISH, MADE_UP)"
    )
    copy.change(
        registry,
        "from speech.languages.putonghua",
        "from speech.languages.made_up import MADE_UP\nfrom speech.languages.putonghua",
    )
    copy.change("rocars/messages.py", '"yue", "cmn", "en"', '"yue", "cmn", "en", "qaa"')
    phrases = english("speech/recognition/phrases/en.yaml")
    own_name = phrases.replace("  en: [english]\n", "  qaa: [made up]\n")
    assert own_name != phrases
    copy.write("speech/recognition/phrases/qaa.yaml", own_name)
    for english_file in (
        "prompts/catalogue/en.yaml",
        "ground/sms/texts/en.yaml",
        "speech/training/lexicons/en.txt",
    ):
        copy.write(english_file.replace("/en.", "/qaa."), english(english_file))


def test_a_fourth_language_takes_few_files(copy: Copy) -> None:
    add_the_language(copy)
    assert len(copy.touched) <= MOST_FILES
    assert len([path for path in copy.touched if path.endswith(".py")]) <= MOST_CODE
    page = english("docs/adding-a-language.md")
    for path in copy.touched:
        named = path.replace("qaa", "NEW").replace("made_up", "NAME")
        assert f"`{named}`" in page, f"docs/adding-a-language.md does not name {named}"
    assert "4 languages, nothing wrong" in copy.run("-m", "ivr.cli", "flows", "check")
    assert 'flows.languages = ["yue", "cmn", "en", "qaa"]' in copy.run(
        "-m", "ivr.cli", "config", "show"
    )
    call = "tests/flows/test_made_up.py"
    (copy.root / call).write_text(CALL, encoding="utf-8")
    copy.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "--confcutdir=tests/flows", call)


def test_a_language_half_added_is_named(copy: Copy) -> None:
    copy.change(
        "speech/languages/language.py",
        '    ENGLISH = "en"\n',
        '    ENGLISH = "en"\n    MADE_UP = "qaa"\n',
    )
    with pytest.raises(AssertionError, match=r"registry\.py does not name qaa"):
        copy.run("-c", "import speech.languages.registry")


def test_texts_that_are_missing_are_named(copy: Copy) -> None:
    add_the_language(copy)
    copy.change("prompts/catalogue/qaa.yaml", "  greeting: Road Cargo System.\n", "")
    with pytest.raises(AssertionError, match=r"welcome\.greeting"):
        copy.run("-m", "ivr.cli", "flows", "check")
