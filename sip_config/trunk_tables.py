"""The tables that tell Kamailio about trunks: peers, passwords, registrations and keys."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sip_config.settings import SipSettings
from sip_config.trunks import Registration, Security

REALM = "rocars-ivr"
_GROUPS = {Security.NONE: 1, Security.TLS: 2, Security.SRTP: 3}
_GROUP_OF_EDGES = 4

# The columns of Kamailio's table `uacreg`, version 5, in the format of db_text.
_COLUMNS = (
    "id(int,auto) l_uuid(string) l_username(string) l_domain(string) r_username(string) "
    "r_domain(string) realm(string,null) auth_username(string) auth_password(string) "
    "auth_ha1(string,null) auth_proxy(string) expires(int) flags(int) reg_delay(int) "
    "contact_addr(string,null) socket(string)"
)


def trunk_files(settings: SipSettings) -> dict[str, str]:
    """All these files, by the names under which Kamailio reads them."""
    tables = registrations_tables(settings)
    return {
        "peers.list": peers_list(settings),
        "digests.cfg": digests_cfg(settings),
        "tls.cfg": tls_cfg(settings),
        **{f"registrations/{name}": text for name, text in tables.items()},
    }


def peers_list(settings: SipSettings) -> str:
    """Who may call: group (its security), address, mask, port (0: any), name."""
    rows = []
    for peer in settings.peers:
        group = _GROUP_OF_EDGES if peer.edge else _GROUPS[peer.security]
        rows += [
            f"{group} {network.network_address} {network.prefixlen} 0 {peer.name}"
            for network in peer.networks
        ]
    return "\n".join([*rows, ""])


def digests_cfg(settings: SipSettings) -> str:
    """The peers that must prove that they know a password: the digest's HA1, never the password
    itself.

    Also the peers whose caller identities are not believed, and those behind NAT.
    """
    rows = []
    for peer in settings.peers:
        if not peer.believed:
            rows.append(f"    $sht(unbelieved=>{peer.name}) = 1;")
        if peer.nat:
            rows.append(f"    $sht(natted=>{peer.name}) = 1;")
        if peer.username:
            ha1 = _ha1(peer.username, peer.password.get_secret_value())
            rows.append(f'    $sht(digests=>{peer.name}) = "{ha1}";')
            rows.append(f'    $sht(digest_users=>{peer.name}) = "{peer.username}";')
    return "\n".join(["event_route[htable:mod-init] {", *(rows or ["    return;"]), "}", ""])


def _ha1(username: str, password: str) -> str:
    """HA1 of RFC 2617, 3.2.2.2; carriers and PBXs use MD5 digests."""
    return hashlib.md5(f"{username}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()


def registrations_tables(settings: SipSettings) -> dict[str, str]:
    """The tables of db_text: one row for each account that we register."""
    rows = [
        _row(number, registration, settings)
        for number, registration in enumerate(settings.registrations, start=1)
    ]
    return {
        "version": "table_name(string) table_version(int)\nuacreg:5\n",
        "uacreg": "\n".join([_COLUMNS, *rows, ""]),
    }


def _row(number: int, registration: Registration, settings: SipSettings) -> str:
    registrar_host = registration.registrar.partition(":")[0]
    domain = registration.domain or registrar_host
    fields = (
        str(number),
        registration.number or registration.username,
        registration.username,
        domain,
        registration.username,
        domain,
        registration.realm,
        registration.username,
        registration.password.get_secret_value(),
        "",
        f"sip:{registration.registrar}",
        str(registration.expires_s),
        "0",
        "0",
        "",
        f"udp:{settings.listen[0]}:{settings.port}",
    )
    return ":".join(_escaped(field) for field in fields)


def _escaped(field: str) -> str:
    """Escape a field: db_text separates columns by colons and rows by line ends."""
    return field.replace("\\", "\\\\").replace(":", "\\:").replace("\n", "\\n")


def tls_cfg(settings: SipSettings) -> str:
    """Kamailio's tls.cfg: our certificate, and the authorities of peers' certificates."""
    tls = settings.tls
    if tls.certificate is None or tls.private_key is None:
        return ""
    lines = [
        "[server:default]",
        "method = TLSv1.2+",
        f"certificate = {_path(tls.certificate)}",
        f"private_key = {_path(tls.private_key)}",
        f"verify_certificate = {'yes' if tls.peers_ca else 'no'}",
        f"require_certificate = {'yes' if tls.peers_ca else 'no'}",
    ]
    if tls.peers_ca:
        lines.append(f"ca_list = {_path(tls.peers_ca)}")
    lines += ["", "[client:default]", "method = TLSv1.2+", "verify_certificate = no", ""]
    return "\n".join(lines)


def _path(path: Path) -> str:
    return str(path.resolve())
