"""A whole call on paper: line, narrator, ROCARS and ledger, on a virtual clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from backend_client.types import CargoState
from call_flows.answer import answer
from call_flows.call_context import CallContext, CallerHints, HotlineNow
from call_flows.rules import FlowRules
from ivr.call.practice import PracticeRocars
from ivr.dialogue.conversation import Conversation
from ivr.dialogue.line import HungUp, Transfer
from ivr.dialogue.settings import DialogueSettings
from prompts.announcement import Announcement
from speech.languages.language import Language
from tests.support.fakes.caller import Cue, ScriptedCaller
from tests.support.fakes.line import PaperLine, PaperNarrator, PaperTrace
from tests.support.fakes.recogniser import PaperRecogniser
from tests.support.fakes.rocars import CODE, PIN, USER_ID, PaperLedger, PaperRocars, PaperTexts

Script = Cue | tuple[str, str]

IN_ENGLISH: Script = ("welcome.language", "3")
ALONE: Script = ("practice.alone", "2")
LOG_IN: tuple[Script, ...] = (
    ("login.user_id", USER_ID),
    ("login.pin", PIN),
    ("login.code", CODE),
)
TO_BUNDLE: tuple[Script, ...] = (IN_ENGLISH, *LOG_IN, ("main_menu.intro", "1"))

CARGO, OTHER_CARGO = "1234567890123", "9876543210987"
BUNDLE_ONE: tuple[Script, ...] = (
    ("main_menu.intro", "1"),
    ("ccrn.ask", f"{CARGO}#"),
    ("ccrn.go_on", "1"),
    ("vehicle.option", "1"),
    ("bundle.one_cargo", "1"),
)


@dataclass
class PaperCall:
    """One call and everything it touches."""

    rules: FlowRules = field(default_factory=FlowRules)
    rocars: PaperRocars = field(
        default_factory=lambda: PaperRocars(
            cargo={CARGO: CargoState.FREE, OTHER_CARGO: CargoState.FREE}
        )
    )
    ledger: PaperLedger = field(default_factory=PaperLedger)
    trace: PaperTrace = field(default_factory=PaperTrace)
    hints: CallerHints = field(default_factory=CallerHints)
    practice: bool = False
    recogniser: PaperRecogniser | None = None
    texts: PaperTexts | None = None
    transfer_becomes: Transfer = Transfer.CONNECTED
    announcements: tuple[Announcement, ...] = ()
    hotline: HotlineNow = field(default_factory=HotlineNow)

    async def run(self, *script: Script) -> None:
        """Answer a call whose caller follows the script; every cue must have been heard."""
        self.line = PaperLine(transfer_becomes=self.transfer_becomes)
        ground = self.rocars if isinstance(self.rocars, PracticeRocars) else PracticeRocars()
        self.context = CallContext(
            self.rocars,
            self.rules,
            self.ledger,
            hints=self.hints,
            training_ground=ground if self.practice else None,
            texts=self.texts,
            announcements=self.announcements,
            hotline_now=lambda: self.hotline,
        )
        self.call = Conversation(
            self.line,
            PaperNarrator(),
            DialogueSettings(),
            self.trace,
            Language.CANTONESE,
            recogniser=self.recogniser,
        )
        caller = ScriptedCaller(self.line, *script)
        following = asyncio.ensure_future(caller.follow())
        try:
            await answer(self.call, self.context)
        except HungUp:
            pass
        finally:
            following.cancel()
            await self.call.closed()
        assert not caller.unheard, f"never heard: {caller.unheard}; heard {self.prompts}"

    @property
    def words(self) -> list[str]:
        return self.line.words

    @property
    def prompts(self) -> list[str]:
        return self.line.prompts
