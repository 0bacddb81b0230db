"""What this software is, as other servers are told."""

from community.software import SOFTWARE, version

__all__ = ["SOFTWARE", "version"]
