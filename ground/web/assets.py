"""Files for browsers, under addresses that change when the file does."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aiohttp import web

OWN = Path(__file__).with_name("static")
ROUTE = "/static/{digest}/{name}"


class Assets:
    """The files of one web, and those that all webs share."""

    def __init__(self, folder: Path, root: str = "", *, together: bool = False) -> None:
        """
        Args:
            root: the path below which this web is, if it is not alone at its address.
            together: all files change their address when one of them changes: for scripts that
                import those beside them by name.
        """
        self._root = root
        self._together = together
        self._files = {
            path.name: path
            for origin in (OWN, folder)
            for path in sorted(origin.iterdir())
            if path.is_file()
        }
        self._addresses: dict[str, str] = {}

    def address(self, name: str) -> str:
        """The path of a file. Raises KeyError for a name that is none of ours."""
        if name not in self._addresses:
            path = self._files[name]
            files = self._files.values() if self._together else (path,)
            whole = b"".join(file.read_bytes() for file in files)
            digest = hashlib.sha256(whole).hexdigest()[:12]
            self._addresses[name] = f"{self._root}/static/{digest}/{name}"
        return self._addresses[name]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The handler of `ROUTE`; the address holds the digest, so a browser may keep the file for
        good."""
        path = self._files.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(
            path, headers={"Cache-Control": "public, max-age=31536000, immutable"}
        )
