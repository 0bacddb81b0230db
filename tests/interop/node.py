"""Where Node and the packages of the peer are; `make peer` brings both. As a program: whether they are there."""

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NODE_LEAST = 22
HOW = "no Node 22 with the packages of tests/interop; `make peer` brings them"

_PACKAGES = FOLDER / "node_modules"


@functools.cache
def node() -> str | None:
    """The program that runs the peer: the one among its packages, else the machine's own if it is new enough.

    None if there is none, or the packages are missing.
    """
    if not (_PACKAGES / "@fedify" / "fedify" / "package.json").is_file():
        return None
    found = (str(_PACKAGES / ".bin" / "node"), shutil.which("node"))
    return next((each for each in found if each and _major(each) >= NODE_LEAST), None)


def _major(program: str) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    version = re.match(r"v(\d+)\.", said)
    return int(version[1]) if version else 0


if __name__ == "__main__":
    sys.exit(node() is None)
