"""Everything stands in pyproject.toml; only the translations have to be compiled when a package is built."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithTranslations(build_py):
    """Compiles each catalogue beside its source, where the package data are collected from."""

    def run(self) -> None:
        for source in Path("webui/translations").glob("*/LC_MESSAGES/*.po"):
            with source.open("rb") as file:
                catalogue = read_po(file)
            with source.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalogue)
        super().run()


setup(cmdclass={"build_py": BuildWithTranslations})
