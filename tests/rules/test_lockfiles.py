"""What is installed is pinned, checked by its hash, and fetched from wherever the reader's own index is."""

import re
import tomllib

import pytest

from tests.rules.places import ROOT

RUN, DEVELOP, SAMPLES = "requirements.lock", "requirements-dev.lock", "requirements-samples.lock"
PIN = re.compile(r"([a-z0-9-]+)==([^\s;]+)(?: ; [^\\]+)?\s\\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def pins(name: str) -> dict[str, str]:
    return {pin[1]: pin[2] for line in lines(name) if (pin := PIN.fullmatch(line))}


def lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", [RUN, DEVELOP, SAMPLES])
def test_a_lock_file_holds_pins_and_hashes_and_nothing_else(name: str):
    for line in lines(name):
        assert not line or line.startswith("#") or PIN.fullmatch(line) or HASH.fullmatch(line), line
        assert "/" not in line, "neither addresses nor folders"


def test_developing_stands_on_the_very_versions_that_run():
    developing = pins(DEVELOP)
    assert {name: developing.get(name) for name in pins(RUN)} == pins(RUN)


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, wanted in ((RUN, project["dependencies"]), (DEVELOP, project["optional-dependencies"]["dev"])):
        needed = {re.match(r"[A-Za-z0-9.-]+", entry)[0].lower().replace(".", "-") for entry in wanted}
        assert needed <= set(pins(name))
