"""What systems of companies send and are answered: keys, messages of orders, push addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from rocars.cargo.messages import CargoData, ConsignmentState
from rocars.messages import Answer, Line, Request
from rocars.refusals import Code

RightName = Literal["lodge", "change", "read", "bundle"]
Format = Literal["json", "xml"]
Deed = Literal["lodge", "amend", "withdraw", "query"]
Ccrn = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9]+$")]


class KeyData(Request):
    """What a new key is for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Warehouse", "rights": ["lodge", "read"]}]}
    )

    name: Line = Field(description="What the key is for, such as the name of the system.")
    rights: list[RightName] = Field(
        min_length=1,
        description="lodge: lodge cargo; change: amend and withdraw; read: query and read; "
        "bundle: bundle the cargo of clients for their drivers.",
    )
    valid_days: int | None = Field(
        default=None, ge=1, le=3650, description="The key ends by itself; null: it does not."
    )
    public_key: str | None = Field(
        default=None,
        max_length=64,
        description="Ed25519 public key, its 32 bytes in base64. With it, every request must be "
        "signed (RFC 9421).",
    )
    replaces: str | None = Field(
        default=None, max_length=16, description="ID of the key that ends when this one is in use."
    )
    overlap_hours: int = Field(
        default=24, ge=0, le=24 * 90, description="So long the key that is replaced still counts."
    )


class KeyRecord(Answer):
    """A key, without the key itself."""

    id: str
    name: str
    rights: list[RightName]
    signed: bool = Field(description="Whether every request with it must be signed.")
    issued_at: datetime
    valid_until: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class KeyIssued(KeyRecord):
    key: str = Field(description="For the header X-Api-Key; it is shown this once.")


class KeyList(Answer):
    keys: list[KeyRecord]


class KeyUseRecord(Answer):
    """One request that came with a key."""

    used_at: datetime
    operation: str = Field(description="The operationId.")
    status: int = Field(description="What it was answered with.")
    subject: str = Field(description="CCRN, UBR, message or batch it was about; empty when none.")


class KeyUseList(Answer):
    uses: list[KeyUseRecord] = Field(description="Newest first, at most 500.")


class LodgeOrder(CargoData):
    """Lodge a consignment."""

    do: Literal["lodge"]
    reference: str = Field(
        default="",
        max_length=120,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="The sender's own, given back beside the CCRN.",
    )


class AmendOrder(CargoData):
    """Replace the data of a consignment that is not bundled."""

    do: Literal["amend"]
    ccrn: Ccrn


class WithdrawOrder(Request):
    """Take a consignment back that is not bundled."""

    do: Literal["withdraw"]
    ccrn: Ccrn


class QueryOrder(Request):
    """Ask where a consignment stands."""

    do: Literal["query"]
    ccrn: Ccrn


Order = Annotated[LodgeOrder | AmendOrder | WithdrawOrder | QueryOrder, Field(discriminator="do")]

_EXAMPLE: dict[str, Any] = {
    "orders": [
        {
            "do": "lodge",
            "reference": "PO-77",
            "direction": "outbound",
            "packages": 12,
            "package_description": "Cartons",
            "articles": "Umbrellas 雨傘",
            "consignor_name": "A Ltd",
            "consignor_address": "1 Road, Hong Kong",
            "consignee_name": "B Ltd",
            "consignee_address": "2 Road, Shenzhen",
            "expected_date": "2010-05-18",
            "container_numbers": ["TCLU1234567"],
        },
        {"do": "withdraw", "ccrn": "4018834520017"},
        {"do": "query", "ccrn": "4018834520024"},
    ]
}


XML_EXAMPLE = """\
<message xmlns="urn:rocars:message:1">
  <lodge>
    <reference>PO-77</reference>
    <direction>outbound</direction>
    <packages>12</packages>
    <package_description>Cartons</package_description>
    <articles>Umbrellas 雨傘</articles>
    <consignor_name>A Ltd</consignor_name>
    <consignor_address>1 Road, Hong Kong</consignor_address>
    <consignee_name>B Ltd</consignee_name>
    <consignee_address>2 Road, Shenzhen</consignee_address>
    <expected_date>2010-05-18</expected_date>
  </lodge>
  <query>
    <ccrn>4018834520024</ccrn>
  </query>
</message>
"""


class MessageData(Request):
    """Orders, worked off one after the other. An order that is not as described is refused by
    itself; the others are done."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    orders: list[Order] = Field(min_length=1)
    client: Line | None = Field(
        default=None,
        description="Of an agent: registration number of the client whose cargo it is about, whose "
        "consent is looked at when the message comes and when it is worked off.",
    )


class OrderError(Answer):
    """Something in an order that is not as expected."""

    item: str = Field(description="The item it is about; empty when none.")
    found: str = Field(description="The beginning of what stands there.")
    expected: str


class OrderResult(Answer):
    """What came of one order."""

    place: int = Field(description="Of the order in its message, from 1.")
    do: Deed | Literal[""] = Field(description="Empty when the order did not say.")
    result: Literal["done", "refused", "wrong"] = Field(
        description="refused: `code` says why; wrong: it is not as described, `errors` say where."
    )
    reference: str = ""
    ccrn: str = ""
    code: Code | None = None
    errors: list[OrderError] = Field(default_factory=list)
    state: ConsignmentState | None = Field(default=None, description="Of a query that found it.")
    vehicle: str = Field(default="", description="Of the live bundle, or of that it crossed in.")
    cross_from: datetime | None = Field(
        default=None, description="Earliest crossing of the live bundle."
    )


class MessageStatus(Answer):
    """Where a message stands; results of orders appear as they are worked off, in their order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "message": "2010-05-17-0001",
                    "state": "done",
                    "orders": 1,
                    "worked_off": 1,
                    "taken_at": "2010-05-17T09:00:30+08:00",
                    "done_at": "2010-05-17T09:00:31+08:00",
                    "push": "none",
                    "results": [
                        {
                            "place": 1,
                            "do": "lodge",
                            "result": "done",
                            "reference": "PO-77",
                            "ccrn": "4018834520031",
                            "code": None,
                            "errors": [],
                            "state": None,
                            "vehicle": "",
                            "cross_from": None,
                        }
                    ],
                }
            ]
        }
    )

    message: str = Field(description="The ID its sender chose.")
    state: Literal["waiting", "working", "done"]
    orders: int
    worked_off: int
    taken_at: datetime
    done_at: datetime | None
    push: Literal["none", "due", "delivered", "given_up"]
    results: list[OrderResult]


class PushAddressData(Request):
    url: str = Field(
        max_length=300, description="https; http for this machine only. The host must be allowed."
    )


class PushAddressRecord(Answer):
    """Where results are pushed to, and how that goes."""

    url: str
    set_at: datetime
    due: int = Field(description="Results that wait to be pushed.")
    given_up: int = Field(description="Results that could not be pushed; they can be read.")
    last: str = Field(description="How the last try ended; empty before the first.")


class PushKey(Answer):
    """A public key that pushes are signed with."""

    id: str = Field(description="The `keyid` of the signature.")
    algorithm: Literal["ed25519"] = "ed25519"
    public_key: str = Field(description="Its 32 bytes in base64.")


class PushKeyList(Answer):
    keys: list[PushKey]
