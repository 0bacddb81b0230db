"""What this software is, as others are told."""

from importlib import metadata

SOFTWARE = "machi"


def version() -> str:
    """The version of this software, as installed."""
    try:
        return metadata.version("machi-soumu")
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        return "0"
