"""The pages people see, one module per family of screens. `ALL` is what the application serves."""

from types import ModuleType

from webui.pages import frame

ALL: tuple[ModuleType, ...] = (frame,)
"""Each has `routes`, an aiohttp RouteTableDef."""
