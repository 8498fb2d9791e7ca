"""Systems of agents bundle the cargo of a client for a named driver, with a key of the agent. The
client's consent is looked at for every request."""

from __future__ import annotations

from rocars.api.endpoint import EndpointGroup, Incoming, Parameter
from rocars.bundling.agents import AgentsBundle
from rocars.bundling.bundles import checked_ubr
from rocars.bundling.messages import AgentBundleRequest, ClientBundle
from rocars.refusals import Code
from rocars.systems.keys import Right

AGENTS = EndpointGroup()

_CLIENT = Parameter("client", "Registration number of the client.")
_UBR = Parameter("ubr", "Unique bundling reference.")
_BUNDLE = frozenset({Right.BUNDLE})


@AGENTS.endpoint(
    "bundleForClient",
    "POST",
    "/v1/clients/{client}/bundles",
    "Bundle cargo of a client and a vehicle for a driver of the client or of the agent",
    status=201,
    body=AgentBundleRequest,
    rights=_BUNDLE,
    idempotent=True,
    path_parameters=(_CLIENT,),
    problems=(
        Code.COMPANY_REFUSED,
        Code.UNKNOWN_DRIVER,
        Code.UNKNOWN_CCRN,
        Code.ALREADY_BUNDLED,
        Code.CARGO_EXPIRED,
        Code.CARGO_CROSSED,
        Code.TOO_MANY_CCRNS,
        Code.MIXED_DIRECTIONS,
        Code.BAD_VEHICLE,
        Code.MAINLAND_PLATE,
    ),
)
async def bundle_for_client(incoming: Incoming) -> ClientBundle:
    client = await incoming.client(incoming.path["client"])
    request = incoming.body_as(AgentBundleRequest)
    receipt = await incoming.service.agent_bundling.bundle(
        client, incoming.idempotency_key, request.driver, request.asked
    )
    return ClientBundle(driver=request.driver, **dict(receipt))


@AGENTS.endpoint(
    "readClientBundle",
    "GET",
    "/v1/clients/{client}/bundles/{ubr}",
    "A bundle that the agent made for this client",
    rights=frozenset({Right.BUNDLE, Right.READ}),
    path_parameters=(_CLIENT, _UBR),
    problems=(Code.COMPANY_REFUSED, Code.UNKNOWN_BUNDLE),
)
async def client_bundle(incoming: Incoming) -> ClientBundle:
    client = await incoming.client(incoming.path["client"])
    return _told(
        await incoming.service.agent_bundling.get(client, checked_ubr(incoming.path["ubr"]))
    )


@AGENTS.endpoint(
    "unbundleForClient",
    "POST",
    "/v1/clients/{client}/bundles/{ubr}/unbundle",
    "Undo a live bundle that the agent made for this client",
    rights=_BUNDLE,
    idempotent=True,
    path_parameters=(_CLIENT, _UBR),
    problems=(
        Code.COMPANY_REFUSED,
        Code.UNKNOWN_BUNDLE,
        Code.BUNDLE_NOT_LIVE,
        Code.UNBUNDLE_DISABLED,
    ),
)
async def unbundle_for_client(incoming: Incoming) -> ClientBundle:
    client = await incoming.client(incoming.path["client"])
    ubr = checked_ubr(incoming.path["ubr"])
    bundling = incoming.service.agent_bundling
    await bundling.unbundle(client, incoming.idempotency_key, ubr)
    return _told(await bundling.get(client, ubr))


def _told(bundle: AgentsBundle) -> ClientBundle:
    return ClientBundle(driver=bundle.user_id, **dict(bundle.receipt))
