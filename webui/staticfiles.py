"""Style sheets, scripts and pictures of our own, held in memory and addressed by their content.

An address bears a hash of what it leads to, so browsers may keep the answer for a year and still see every change.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    body: bytes
    content_type: str
    version: str  # first digits of the SHA-256 of the body


class StaticFiles:
    """All files of the folder, read once at start; what is not in it cannot be reached."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files: dict[str, StaticFile] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix in TYPES:
                body = path.read_bytes()
                name = path.relative_to(folder).as_posix()
                self._files[name] = StaticFile(
                    body, TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12]
                )

    def url(self, name: str) -> str:
        """The address of a file with its version. Raises KeyError for a name that is none: a slip in a template."""
        return f"/static/{name}?v={self._files[name].version}"

    def answer(self, request: web.Request, name: str) -> web.Response:
        """The file, or 404; kept for a year when asked for by its right version, else checked each time."""
        found = self._files.get(name)
        if found is None:
            raise web.HTTPNotFound
        right = request.query.get("v") == found.version
        headers = {
            "Content-Type": found.content_type,
            "Cache-Control": YEAR if right else "no-cache",
            "ETag": f'"{found.version}"',
        }
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=found.body, headers=headers)
