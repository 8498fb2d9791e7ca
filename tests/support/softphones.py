"""Softphones of Debian's packages, as a test drives them: baresip and linphonec."""

from __future__ import annotations

import asyncio
import json
import shutil
import wave
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.support.pace import limit
from tests.support.ports import free_ports


@dataclass
class Softphone(ABC):
    """One call by a softphone in a process of its own.

    Attributes:
        directory: of its configuration.
        transport: udp, tcp or tls.
        authority: PEM file of who vouches for the service's certificate.
        secure: whether its sound must be SRTP; unless it is said, by tls alone.
    """

    directory: Path
    transport: str
    authority: Path
    secure: bool | None = None
    program: ClassVar[str]
    package: ClassVar[str]
    records: ClassVar[str]
    """Name of the file of what it hears."""

    def __post_init__(self) -> None:
        self.output = b""
        if self.secure is None:
            self.secure = self.transport == "tls"
        self.process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        with wave.open(str(self.directory / "silence.wav"), "wb") as silence:
            silence.setnchannels(1)
            silence.setsampwidth(2)
            silence.setframerate(8000)
            silence.writeframes(bytes(2 * 8000 * 120))

    @classmethod
    def missing(cls) -> str:
        """Why it cannot be tried here; empty when it can."""
        if shutil.which(cls.program):
            return ""
        return f"no {cls.program} here: `make interop` installs Debian's {cls.package}"

    @abstractmethod
    async def call(self, uri: str) -> None:
        """Start, call, and return when the call is answered."""

    @abstractmethod
    async def press(self, key: str) -> None:
        """Press one key."""

    async def start(self, *arguments: str) -> None:
        self.process = await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self.directory,
            env={"HOME": str(self.directory), "PATH": "/usr/bin:/bin"},
        )
        self._reader = asyncio.ensure_future(self._read(self.process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while data := await process.stdout.read(4096):
            self.output += data

    async def until_said(self, words: bytes, within_s: float = 20.0) -> None:
        try:
            async with asyncio.timeout(limit(within_s)):
                while words not in self.output:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(
                f"{self.program} never said {words!r}: {self.output.decode(errors='replace')}"
            ) from None

    async def until_heard(self, within_s: float = 10.0) -> None:
        """Sound comes: what it records is no silence."""
        async with asyncio.timeout(limit(within_s)):
            while not any(
                len(set(file.read_bytes()[44:])) > 50 for file in self.directory.glob(self.records)
            ):
                await asyncio.sleep(0.2)

    async def close(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            try:
                async with asyncio.timeout(limit(5)):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        if self._reader is not None:
            await self._reader


class Baresip(Softphone):
    """baresip, steered by its ctrl_tcp: JSON in netstrings."""

    program = "baresip"
    package = "baresip-core"
    records = "dump-*-dec.wav"

    async def call(self, uri: str) -> None:
        port = free_ports(1)
        (self.directory / "config").write_text(
            f"sip_listen 127.0.0.1:0\nsip_cafile {self.authority}\ncall_max_calls 1\n"
            f"audio_player aubridge,sink\nsnd_path {self.directory}\n"
            f"audio_source aufile,{self.directory}/silence.wav\n"
            f"audio_alert aufile,{self.directory}/alert.wav\n"
            "ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n"
            "module_path /usr/lib/baresip/modules\n"
            "module g711.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\n"
            "module srtp.so\nmodule_tmp account.so\n"
            f"module_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{port}\n"
        )
        secure = ";mediaenc=srtp-mand" if self.secure else ""
        (self.directory / "accounts").write_text(
            f"<sip:+85291234567@127.0.0.1;transport={self.transport}>;regint=0"
            f";audio_codecs=pcma,pcmu{secure}\n"
        )
        (self.directory / "contacts").write_text("")
        await self.start("-4", "-f", str(self.directory))
        await self.until_said(b"baresip is ready")
        _, self._orders = await asyncio.open_connection("127.0.0.1", port)
        self._order("dial", uri)
        await self.until_said(b"Call established")

    async def press(self, key: str) -> None:
        self._order("sndcode", key)
        await self._orders.drain()

    def _order(self, command: str, what: str) -> None:
        text = json.dumps({"command": command, "params": what})
        self._orders.write(f"{len(text)}:{text},".encode())


class Linphone(Softphone):
    """linphonec, steered by lines on its standard input."""

    program = "linphonec"
    package = "linphone-cli"
    records = "heard.wav"

    async def call(self, uri: str) -> None:
        encryption = "srtp" if self.secure else "none"
        (self.directory / "linphonerc").write_text(
            "[sip]\nsip_port=-1\nsip_tcp_port=-1\nsip_tls_port=-1\nuse_ipv6=0\n"
            "contact=sip:+85291234567@127.0.0.1\nguess_hostname=0\nuse_rfc2833=1\n"
            # It looks for addresses among the names of a certificate alone.
            f"root_ca={self.authority}\nverify_server_certs=1\nverify_server_cn=0\n"
            f"media_encryption={encryption}\n[rtp]\nbind_address=127.0.0.1\n"
            "[video]\nenabled=0\ncapture=0\ndisplay=0\nautomatically_initiate=0\n"
        )
        (self.directory / ".local/share/linphone").mkdir(parents=True)
        await self.start("-c", str(self.directory / "linphonerc"))
        await self.until_said(b"linphonec>")
        await self._write("soundcard use files")
        await self._write(f"play {self.directory}/silence.wav")
        await self._write(f"record {self.directory}/heard.wav")
        await self._write(f"call {uri}")
        await self.until_said(b"Media streams established")

    async def press(self, key: str) -> None:
        await self._write(key)

    async def _write(self, line: str) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()
