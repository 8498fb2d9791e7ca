"""The boundary: cameras, panels that are no browsers, and the accounts of its officers."""

from __future__ import annotations

from rocars.api.endpoint import EndpointGroup, Incoming, Parameter
from rocars.crossing.messages import (
    Declaration,
    Declared,
    Instructed,
    LaneList,
    LaneStatus,
    OfficerData,
    Reading,
)
from rocars.messages import Done
from rocars.refusals import Code
from rocars.secrets.key_ring import Role
from rocars.settings import RocarsSettings

CAMERAS = EndpointGroup(Role.CAMERA)
DISPLAYS = EndpointGroup(Role.DISPLAY)
OFFICERS = EndpointGroup(Role.ADMIN)

_NAME = Parameter("name", "The officer's name at log-in.")


def _with_picture(settings: RocarsSettings) -> int:
    """Base64 takes four characters for three bytes."""
    return settings.listen.max_body_bytes + settings.crossing.max_picture_bytes * 4 // 3


@CAMERAS.endpoint(
    "readPlate",
    "POST",
    "/v1/readings",
    "A registration mark was read in a lane; answered with what the driver is instructed to do",
    body=Reading,
    idempotent=True,
    problems=(Code.UNKNOWN_LANE,),
    largest=_with_picture,
)
async def read_plate(incoming: Incoming) -> Instructed:
    return await incoming.service.passages.read(incoming.idempotency_key, incoming.body_as(Reading))


@DISPLAYS.endpoint(
    "declareUnladen",
    "POST",
    "/v1/unladen-declarations",
    "The button for unladen vehicles was pressed in a lane",
    body=Declaration,
    idempotent=True,
    problems=(Code.UNKNOWN_LANE,),
)
async def declare_unladen(incoming: Incoming) -> Declared:
    return await incoming.service.unladen.declare(
        incoming.idempotency_key, incoming.body_as(Declaration).lane
    )


@DISPLAYS.endpoint("listLanes", "GET", "/v1/lanes", "What stands on the board of every lane")
async def lanes(incoming: Incoming) -> LaneList:
    views = await incoming.service.lanes.views()
    return LaneList(
        lanes=[
            LaneStatus(
                lane=code,
                sign=view.lane.sign,
                control_point=view.lane.control_point,
                direction=view.lane.direction,
                open=view.open,
                instruction=view.instruction,
                vehicle=view.mark,
                cross_from=view.cross_from,
                changed_at=view.changed_at,
            )
            for code, view in views.items()
        ]
    )


@OFFICERS.endpoint(
    "addOfficer",
    "POST",
    "/v1/officers",
    "Give an officer at the boundary an account",
    status=201,
    body=OfficerData,
    problems=(Code.INVALID_REGISTRATION, Code.ALREADY_REGISTERED),
)
async def add_officer(incoming: Incoming) -> Done:
    await incoming.service.officers.add(incoming.body_as(OfficerData))
    return Done()


@OFFICERS.endpoint(
    "withdrawOfficer",
    "POST",
    "/v1/officers/{name}/withdraw",
    "Close an officer's account and end their log-ins",
    path_parameters=(_NAME,),
    problems=(Code.UNKNOWN_OFFICER,),
)
async def withdraw_officer(incoming: Incoming) -> Done:
    await incoming.service.officers.withdraw(incoming.path["name"])
    return Done()
