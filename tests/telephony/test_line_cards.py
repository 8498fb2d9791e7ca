"""Several copies of the library in one process: more lines, and nothing is mixed up."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path

import pjsua2
import pytest

from ivr.telephony.library.library_copy import CannotBeCopied, another_copy
from tests.support.phone_process import PhoneError, StartPhone, prompt
from tests.support.sip_peer import Peer
from tests.support.sound_matching import find
from tests.telephony.test_sound import both_sides, wait_for_file

CARDS, LINES = 3, 4
call = pytest.mark.call


@pytest.fixture(scope="module")
def library() -> bytes:
    return Path(pjsua2._pjsua2.__file__).read_bytes()


@pytest.mark.unit
def test_a_copy_has_a_table_of_types_of_its_own(library: bytes) -> None:
    copies = [another_copy(library, number) for number in (1, 2, 16)]
    assert len({len(copy) for copy in (library, *copies)}) == 1
    assert library.count(b"swig_runtime_data") == copies[2].count(b"swig_runtime_00016") > 0
    assert all(b"swig_runtime_data" not in copy for copy in copies)


@pytest.mark.unit
def test_a_copy_has_no_symbol_that_all_copies_would_share(library: bytes) -> None:
    def unique(file: bytes) -> int:
        sections, size, count = struct.unpack_from("<40xQ10xHH", file)
        for section in range(sections, sections + size * count, size):
            kind, at, length = struct.unpack_from("<4xI16xQQ", file, section)
            if kind == 11:
                return sum(file[info] >> 4 == 10 for info in range(at + 4, at + length, 24))
        raise AssertionError("no symbols")

    assert unique(library) > 0
    assert unique(another_copy(library, 1)) == 0


@pytest.mark.unit
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda library: library.replace(b"swig_runtime", b"SWIG_runtime"), "table of types"),
        (lambda library: b"PE" + library, "64-bit Linux"),
        (lambda library: library[:60] + bytes(2) + library[62:], "names no symbols"),
    ],
)
def test_another_build_is_refused_not_guessed_at(
    library: bytes, change: Callable[[bytes], bytes], why: str
) -> None:
    with pytest.raises(CannotBeCopied, match=why):
        another_copy(change(library), 1)


@call
@pytest.mark.asyncio(loop_scope="module")
class TestCalls:
    async def test_every_card_has_its_lines_and_each_call_hears_its_own_keys(
        self, start_phone: StartPhone
    ) -> None:
        ivr = await start_phone(cards=CARDS)
        assert len(set(ivr.addresses)) == CARDS
        assert (await ivr.order("status"))["capacity"] == CARDS * LINES
        peers = [Peer(address) for address in ivr.addresses for _ in range(LINES)]
        assert [(await peer.invite())[0] for peer in peers] == [200] * CARDS * LINES
        for address in ivr.addresses:
            assert (await Peer(address).invite())[0] == 486
        keys = "123456789*0#"
        await asyncio.gather(
            *(peer.press(key) for peer, key in zip(peers, keys, strict=True)),
        )
        await asyncio.sleep(0.2)
        for peer, key in zip(peers, keys, strict=True):
            await ivr.hears(key, peer.call_id)
        assert (await ivr.order("status"))["active"] == CARDS * LINES
        for peer in peers:
            assert (await peer.ask("BYE"))[0] == 200
        await ivr.free()

    async def test_calls_are_placed_on_whichever_card_has_a_line(
        self, start_phone: StartPhone, tmp_path: Path
    ) -> None:
        ivr, caller = await start_phone(cards=2), await start_phone(cards=2)
        names = [f"call {number}" for number in range(2 * LINES)]
        for at, name in enumerate(names):
            host, port = ivr.addresses[at // LINES]
            await caller.order("dial", name=name, uri=f"sip:1000@{host}:{port}")
            await caller.order("answered", name=name)
        with pytest.raises(PhoneError, match=r"[Tt]oo many"):
            await caller.order("dial", name="one more", uri=ivr.uri("1000"))
        files = [tmp_path / f"{name}.wav" for name in names]
        for name, file in zip(names, files, strict=True):
            await caller.order("record", name=name, path=str(file))
        await asyncio.sleep(3)
        for name in names:
            ending = await caller.order("hang_up", name=name)
            assert ending["cause"] == "hung_up"
        part = prompt()[4000:8000].astype(float)
        for file in files:
            await wait_for_file(file)
            _, likeness = find(part, both_sides(file)[0])
            assert likeness > 0.99, file
        with pytest.raises(PhoneError, match="cannot dial"):
            await caller.order("dial", name="nobody", uri="sip:")
        await ivr.free()
        await caller.free()
