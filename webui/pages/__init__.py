"""The pages people see, one module per family of screens. `ALL` is what the application serves."""

from types import ModuleType

from webui.pages import frame, join, login, operate, promise, recover, settings, welcome

ALL: tuple[ModuleType, ...] = (
    frame,
    welcome,
    join,
    login,
    recover,
    settings,
    operate,
    promise,
)
"""Each has `routes`, an aiohttp RouteTableDef."""
