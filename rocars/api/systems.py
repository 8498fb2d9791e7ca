"""System to system: messages of many orders, their results, and the keys that open these doors."""

from __future__ import annotations

import asyncio
import re

from rocars.api.endpoint import EndpointGroup, Incoming, Parameter
from rocars.messages import Done
from rocars.refusals import Code, Problem
from rocars.secrets.key_ring import Role
from rocars.settings import RocarsSettings
from rocars.systems.keys import ANY_RIGHT
from rocars.systems.messages import (
    XML_EXAMPLE,
    Format,
    KeyData,
    KeyIssued,
    KeyList,
    KeyRecord,
    KeyUseList,
    MessageData,
    MessageStatus,
    PushAddressData,
    PushAddressRecord,
    PushKey,
    PushKeyList,
)

SYSTEMS = EndpointGroup()
SYSTEM_KEYS = EndpointGroup(Role.ADMIN)
PUBLISHED = EndpointGroup()

_MESSAGE = Parameter(
    "message",
    "ID of the message, chosen by its sender: 1 to 64 letters, digits, dots, hyphens and "
    "underscores; each once.",
)
_COMPANY = Parameter("company", "Registration number of the company.")
_KEY = Parameter("key", "ID of the API key.")
_MESSAGE_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FORMATS: dict[str, Format] = {"application/json": "json", "application/xml": "xml"}


def _largest(settings: RocarsSettings) -> int:
    return settings.systems.max_bytes


def _message(incoming: Incoming) -> str:
    message = incoming.path["message"]
    if not _MESSAGE_FORM.fullmatch(message):
        raise Problem(Code.INVALID_REQUEST, "message", _MESSAGE.meaning)
    return message


@SYSTEMS.endpoint(
    "sendMessage",
    "PUT",
    "/v1/messages/{message}",
    "Send orders to be worked off, after those sent before; the same message again changes nothing",
    status=202,
    uploads=tuple(_FORMATS),
    document=MessageData,
    xml_example=XML_EXAMPLE,
    largest=_largest,
    rights=ANY_RIGHT,
    path_parameters=(_MESSAGE,),
    problems=(Code.MESSAGE_REUSED, Code.COMPANY_REFUSED),
)
async def send_message(incoming: Incoming) -> MessageStatus:
    message = _message(incoming)
    content = await asyncio.to_thread(incoming.file.read)
    return await incoming.service.submissions.take(
        incoming.company_key, message, _FORMATS[incoming.content_type], content
    )


@SYSTEMS.endpoint(
    "readMessage",
    "GET",
    "/v1/messages/{message}",
    "Where a message stands, and what came of each order so far",
    rights=ANY_RIGHT,
    path_parameters=(_MESSAGE,),
    problems=(Code.UNKNOWN_MESSAGE,),
)
async def read_message(incoming: Incoming) -> MessageStatus:
    return await incoming.service.submissions.status(
        incoming.company_key.company_id, _message(incoming)
    )


@PUBLISHED.endpoint(
    "listPushKeys",
    "GET",
    "/v1/push-keys",
    "The public keys that pushed results are signed with",
)
async def push_keys(incoming: Incoming) -> PushKeyList:
    return PushKeyList(
        keys=[
            PushKey(id=key_id, public_key=public)
            for key_id, public in incoming.service.keys.pushes.published.items()
        ]
    )


@SYSTEM_KEYS.endpoint(
    "issueKey",
    "POST",
    "/v1/companies/{company}/keys",
    "Issue an API key to a company, perhaps in place of another that counts a while longer",
    status=201,
    body=KeyData,
    path_parameters=(_COMPANY,),
    problems=(Code.UNKNOWN_COMPANY, Code.UNKNOWN_KEY, Code.INVALID_REGISTRATION),
)
async def issue_key(incoming: Incoming) -> KeyIssued:
    return await incoming.service.company_keys.issue(
        incoming.path["company"], incoming.body_as(KeyData)
    )


@SYSTEM_KEYS.endpoint(
    "listKeys",
    "GET",
    "/v1/companies/{company}/keys",
    "The API keys of a company, without the keys themselves",
    path_parameters=(_COMPANY,),
    problems=(Code.UNKNOWN_COMPANY,),
)
async def list_keys(incoming: Incoming) -> KeyList:
    return await incoming.service.company_keys.of(incoming.path["company"])


@SYSTEM_KEYS.endpoint(
    "revokeKey",
    "POST",
    "/v1/companies/{company}/keys/{key}/revoke",
    "End an API key at once",
    path_parameters=(_COMPANY, _KEY),
    problems=(Code.UNKNOWN_COMPANY, Code.UNKNOWN_KEY),
)
async def revoke_key(incoming: Incoming) -> KeyRecord:
    return await incoming.service.company_keys.revoke(
        incoming.path["company"], incoming.path["key"]
    )


@SYSTEM_KEYS.endpoint(
    "listKeyUses",
    "GET",
    "/v1/companies/{company}/keys/{key}/uses",
    "What an API key was used for",
    path_parameters=(_COMPANY, _KEY),
    problems=(Code.UNKNOWN_COMPANY, Code.UNKNOWN_KEY),
)
async def list_key_uses(incoming: Incoming) -> KeyUseList:
    return await incoming.service.key_uses.of(incoming.path["company"], incoming.path["key"])


@SYSTEM_KEYS.endpoint(
    "setPushAddress",
    "PUT",
    "/v1/companies/{company}/push-address",
    "Push results of a company's messages to this address",
    body=PushAddressData,
    path_parameters=(_COMPANY,),
    problems=(Code.UNKNOWN_COMPANY, Code.PUSH_ADDRESS_REFUSED),
)
async def set_push_address(incoming: Incoming) -> PushAddressRecord:
    return await incoming.service.push_addresses.set(
        incoming.path["company"], incoming.body_as(PushAddressData).url
    )


@SYSTEM_KEYS.endpoint(
    "readPushAddress",
    "GET",
    "/v1/companies/{company}/push-address",
    "Where results of a company's messages are pushed to, and how that goes",
    path_parameters=(_COMPANY,),
    problems=(Code.UNKNOWN_COMPANY, Code.NO_PUSH_ADDRESS),
)
async def read_push_address(incoming: Incoming) -> PushAddressRecord:
    return await incoming.service.push_addresses.record(incoming.path["company"])


@SYSTEM_KEYS.endpoint(
    "withdrawPushAddress",
    "DELETE",
    "/v1/companies/{company}/push-address",
    "Push a company nothing more",
    path_parameters=(_COMPANY,),
    problems=(Code.UNKNOWN_COMPANY, Code.NO_PUSH_ADDRESS),
)
async def withdraw_push_address(incoming: Incoming) -> Done:
    await incoming.service.push_addresses.withdraw(incoming.path["company"])
    return Done()
