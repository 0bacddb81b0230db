"""What the demo has done so far, in a file, so that an interrupted demo goes on where it stopped.

Each act gets a key derived from the run's secret. The forms carry it as their submission key, so an act that was done
but not yet written down is not done twice. Of an anonymous question the journal holds the あいことば, never who asked.
"""

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path


class Journal:
    """Append-only lines of JSON; `path` is made with the first one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: dict[str, str] = {}
        self._secret = ""
        if path.exists():
            self._read()
        if not self._secret:
            self._secret = secrets.token_hex(16)
            self._append({"secret": self._secret})

    def _read(self) -> None:
        for line in self._path.read_text("utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # a line, cut off by the interruption: the act is simply done again
            if "secret" in entry:
                self._secret = entry["secret"]
            else:
                self._done[entry["act"]] = entry["result"]

    def _append(self, entry: dict[str, str]) -> None:
        # Starting on a line of its own keeps what follows readable after a line that was cut off.
        torn = self._path.exists() and not self._path.read_bytes().endswith(b"\n")
        with self._path.open("a", encoding="utf-8") as file:
            if torn:
                file.write("\n")
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def __contains__(self, act: str) -> bool:
        return act in self._done

    def __getitem__(self, act: str) -> str:
        return self._done[act]

    def __len__(self) -> int:
        return len(self._done)

    def record(self, act: str, result: str = "") -> None:
        """Note that `act` is done; `result` is the uri of what it made, or empty."""
        self._done[act] = result
        self._append({"act": act, "result": result})

    def key(self, act: str) -> str:
        """The submission key of `act` in this run: 32 hex digits."""
        return hmac.new(self._secret.encode(), act.encode(), hashlib.sha256).hexdigest()[:32]
