"""What somebody applies for: the fields of the form, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast, get_args

import phonenumbers
from pydantic import BaseModel, ConfigDict

from ground.refusal import Refusal
from rocars.messages import Language
from rocars.registry.marks import MainlandPlate, NotAMark, normalise
from rocars.registry.settings import RegistrationSettings
from rocars.store.tables.registration import MAX_SIGNATORIES

Kind = Literal["company", "organisation", "individual"]
PageLanguage = Literal["en", "zh-Hant", "zh-Hans"]

MOST_VEHICLES = 10
"""Of one trucker in an application; more are put on file later."""
LONGEST_LINE = 120
LONGEST_TEXT = 500
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_EARLIEST_CONSENT = date(2000, 1, 1)


class Trucker(BaseModel):
    """Whoever is to drive: gets a user ID, a PIN and a security token of their own."""

    model_config = ConfigDict(frozen=True)

    name: str
    phone: str | None
    language: Language
    vehicles: tuple[str, ...]


class Client(BaseModel):
    """For whom an agent acts, and who of them agreed to it when."""

    model_config = ConfigDict(frozen=True)

    number: str
    name: str
    consented_by: str
    consented_on: date


class ApplicationData(BaseModel):
    """One application as it is kept. An individual has no registration number."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    registration_number: str
    name: str
    responsible_person: str
    phone: str
    address: str
    signatories: tuple[str, ...]
    lodges: bool
    truckers: tuple[Trucker, ...]
    clients: tuple[Client, ...]
    counter: str
    language: PageLanguage


@dataclass(frozen=True)
class FormRules:
    """What an application is judged by."""

    settings: RegistrationSettings
    z_four_digits_is_mainland: bool


class _Reader:
    """Reads one field after the other, and notes what is wrong by the name of the field."""

    def __init__(self, sent: Mapping[str, str], rules: FormRules) -> None:
        self._sent = sent
        self._rules = rules
        self.wrong: dict[str, Refusal] = {}

    def given(self, name: str) -> str:
        return self._sent.get(name, "").strip()

    def line(self, name: str, longest: int = LONGEST_LINE) -> str:
        text = self.given(name)
        if not text:
            self.wrong[name] = Refusal("This is needed.")
        elif len(text) > longest or _CONTROLS.search(text):
            self.wrong[name] = Refusal("At most %(number)d characters in one line.", number=longest)
        return text

    def text(self, name: str) -> str:
        text = self.given(name).replace("\r\n", "\n")
        if not text:
            self.wrong[name] = Refusal("This is needed.")
        elif len(text) > LONGEST_TEXT or _CONTROLS.search(text.replace("\n", "")):
            self.wrong[name] = Refusal("At most %(number)d characters.", number=LONGEST_TEXT)
        return text

    def phone(self, name: str, *, needed: bool) -> str | None:
        """In E.164; a number without a country's code is one of Hong Kong."""
        text = self.given(name)
        if not text and not needed:
            return None
        try:
            number = phonenumbers.parse(text, "HK")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_valid_number(number):
            self.wrong[name] = Refusal("A telephone number is needed, such as +852 2345 6789.")
            return None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def number(self, name: str) -> str:
        text = self.given(name)
        if not re.fullmatch(self._rules.settings.number_pattern, text, re.ASCII):
            self.wrong[name] = Refusal("This is not the form of a registration number.")
        return text[:32]

    def day(self, name: str, today: date) -> date:
        try:
            day = date.fromisoformat(self.given(name))
        except ValueError:
            self.wrong[name] = Refusal("A day is needed, written as 2010-05-17.")
            return today
        if not _EARLIEST_CONSENT <= day <= today:
            self.wrong[name] = Refusal("A day that is not to come is needed.")
        return day

    def marks(self, name: str) -> tuple[str, ...]:
        """Registration marks with commas or line ends between them."""
        marks: list[str] = []
        for text in filter(
            None, (part.strip() for part in re.split("[,;、，\n]", self.given(name)))
        ):
            try:
                mark = normalise(
                    text, z_four_digits_is_mainland=self._rules.z_four_digits_is_mainland
                )
            except MainlandPlate:
                self.wrong[name] = Refusal(
                    "A Mainland plate: give the Hong Kong registration mark of this vehicle."
                )
                continue
            except NotAMark:
                self.wrong[name] = Refusal("Not a Hong Kong registration mark.")
                continue
            if mark not in marks:
                marks.append(mark)
        if len(marks) > MOST_VEHICLES:
            self.wrong[name] = Refusal("At most %(number)d vehicles here.", number=MOST_VEHICLES)
        return tuple(marks)

    def rows(self, kind: str, names: tuple[str, ...], most: int) -> Iterator[str]:
        """The beginnings of the names of all rows in which something is filled in."""
        for place in range(1, most + 1):
            if any(self.given(f"{kind}{place}_{name}") for name in names):
                yield f"{kind}{place}_"


def read(
    sent: Mapping[str, str], rules: FormRules, language: PageLanguage, today: date
) -> ApplicationData | dict[str, Refusal]:
    """What was filled in, or all that is wrong with it, by the name of the field."""
    reader = _Reader(sent, rules)
    settings = rules.settings
    kind = reader.given("kind")
    if kind not in get_args(Kind):
        reader.wrong["kind"] = Refusal("Choose one.")
    counter = reader.given("counter")
    if counter not in {known.code for known in settings.counters}:
        reader.wrong["counter"] = Refusal("Choose one.")
    truckers = tuple(_truckers(reader, settings.most_truckers))
    lodges = reader.given("lodges") == "yes"
    if not lodges and not truckers:
        reader.wrong["lodges"] = Refusal("Lodging, driving or both: tick it or name a trucker.")
    filled = [
        f"signatory{place}"
        for place in range(1, MAX_SIGNATORIES + 1)
        if reader.given(f"signatory{place}")
    ]
    data = {
        "kind": kind,
        "registration_number": "" if kind == "individual" else reader.number("registration_number"),
        "name": reader.line("name"),
        "responsible_person": reader.line("responsible_person"),
        "phone": reader.phone("phone", needed=True) or "",
        "address": reader.text("address"),
        "signatories": tuple(reader.line(name) for name in filled),
        "lodges": lodges,
        "truckers": truckers,
        "clients": tuple(_clients(reader, settings.most_clients, today)),
        "counter": counter,
        "language": language,
    }
    return reader.wrong or ApplicationData.model_validate(data)


def _truckers(reader: _Reader, most: int) -> Iterator[Trucker]:
    for row in reader.rows("trucker", ("name", "phone", "vehicles"), most):
        language = reader.given(row + "language")
        yield Trucker(
            name=reader.line(row + "name"),
            phone=reader.phone(row + "phone", needed=False),
            language=cast(Language, language if language in get_args(Language) else "yue"),
            vehicles=reader.marks(row + "vehicles"),
        )


def _clients(reader: _Reader, most: int, today: date) -> Iterator[Client]:
    for row in reader.rows("client", ("number", "name", "consented_by", "consented_on"), most):
        yield Client(
            number=reader.number(row + "number"),
            name=reader.line(row + "name"),
            consented_by=reader.line(row + "consented_by"),
            consented_on=reader.day(row + "consented_on", today),
        )


def filled(data: ApplicationData) -> dict[str, str]:
    """The form with an application in it, so that it can be corrected."""
    fields = {
        "kind": data.kind,
        "registration_number": data.registration_number,
        "name": data.name,
        "responsible_person": data.responsible_person,
        "phone": data.phone,
        "address": data.address,
        "lodges": "yes" if data.lodges else "",
        "counter": data.counter,
    }
    for place, name in enumerate(data.signatories, start=1):
        fields[f"signatory{place}"] = name
    for place, trucker in enumerate(data.truckers, start=1):
        fields[f"trucker{place}_name"] = trucker.name
        fields[f"trucker{place}_phone"] = trucker.phone or ""
        fields[f"trucker{place}_language"] = trucker.language
        fields[f"trucker{place}_vehicles"] = ", ".join(trucker.vehicles)
    for place, client in enumerate(data.clients, start=1):
        fields[f"client{place}_number"] = client.number
        fields[f"client{place}_name"] = client.name
        fields[f"client{place}_consented_by"] = client.consented_by
        fields[f"client{place}_consented_on"] = client.consented_on.isoformat()
    return fields
