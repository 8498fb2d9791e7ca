"""All voices by name. A voice's file is read when the voice is first used, not before.

Each file has a function ``opened(settings, synthesiser) -> Voice`` (VoiceSettings and
SynthesiserSettings) that may raise VoiceUnavailable or ImportError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from speech.languages.language import Language
from speech.synthesiser.settings import SynthesiserSettings
from speech.voices.settings import VoiceSettings
from speech.voices.voice import Voice, VoiceUnavailable, needs

FILES = {
    "espeak-ng": "speech.voices.espeak",
    "kokoro": "speech.voices.kokoro",
    "cantonese": "speech.voices.cantonese.voice",
    "wyoming": "speech.voices.wyoming",
}

NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "kokoro": (("onnxruntime", "pypinyin"), ("kokoro.onnx", "us_gold.json")),
    "cantonese": (("pyworld", "ToJyutping"), ()),
    "wyoming": (("wyoming",), ()),
}
"""By voice: the packages, and the model files in the folder of voices, that it needs."""


def installed(name: str, settings: VoiceSettings) -> bool:
    """Whether a voice's packages and files are installed. It loads nothing."""
    packages, files = NEEDS.get(name, ((), ()))
    return (
        name in FILES
        and all(find_spec(package) is not None for package in (FILES[name], *packages))
        and all((settings.files / file).is_file() for file in files)
    )


def opened(
    name: str, settings: VoiceSettings, synthesiser: SynthesiserSettings | None = None
) -> Voice:
    """Open the voice of that name. Raises VoiceUnavailable, and says which names exist."""
    if name not in FILES:
        raise VoiceUnavailable(f"no voice {name!r}; there are {', '.join(FILES)}")
    synthesiser = synthesiser or SynthesiserSettings.model_validate({})
    try:
        voice: Voice = import_module(FILES[name]).opened(settings, synthesiser)
    except ImportError as failure:
        raise VoiceUnavailable(
            f"the voice {name} is not installed ({failure.name or failure} is missing): "
            "pip install 'rocars-ivr[voices]'"
        ) from failure
    return voice


@contextmanager
def opened_once(
    names: Mapping[Language, str],
    settings: VoiceSettings,
    synthesiser: SynthesiserSettings | None = None,
) -> Iterator[Mapping[Language, Voice]]:
    """Voices by language, each opened once and closed at the end.

    Raises VoiceUnavailable, also for a voice that does not speak its language.
    """
    by_name: dict[str, Voice] = {}
    try:
        for language, name in names.items():
            if name not in by_name:
                by_name[name] = opened(name, settings, synthesiser)
            needs(by_name[name], language)
        yield {language: by_name[name] for language, name in names.items()}
    finally:
        for voice in by_name.values():
            voice.close()
