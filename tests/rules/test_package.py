"""The built package holds everything that a town needs besides code."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.rules.places import PACKAGES, ROOT

pytestmark = pytest.mark.slow

# Beside every .py: what code reads at run time.
DATA = {".html", ".css", ".js", ".svg", ".json", ".txt", ".toml", ".mako", ".woff2", ".png", ".webmanifest"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel, built from a copy without compiled translations."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    source.mkdir()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
         "--wheel-dir", folder, source],
        check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def sources(*suffixes: str) -> list[Path]:
    found = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.suffix in suffixes]
    return [path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts]


def test_all_code_is_in_the_package(wheel: set[str]):
    assert {path.as_posix() for path in sources(".py")} <= wheel


def test_all_data_is_in_the_package(wheel: set[str]):
    wanted = {path.as_posix() for path in sources(*DATA)}
    assert "community/data/taxonomy.json" in wanted
    assert "webui/demo/soumu-demo.json" in wanted
    assert wanted <= wheel


def test_translations_are_compiled_into_the_package(wheel: set[str]):
    catalogues = {path.with_suffix(".mo").as_posix() for path in sources(".po")}
    assert catalogues
    assert catalogues <= wheel


def test_the_licence_is_in_the_package(wheel: set[str]):
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_nothing_else_is_in_the_package(wheel: set[str]):
    assert {name.partition("/")[0] for name in wheel if ".dist-info/" not in name} == set(PACKAGES)
