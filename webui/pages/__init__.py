"""The pages people see, one module per family of screens. `ALL` is what the application serves."""

from types import ModuleType

from webui.pages import (
    ask,
    edit,
    frame,
    join,
    login,
    lookup,
    notifications,
    operate,
    phrase,
    profiles,
    promise,
    questions,
    recover,
    settings,
    thanks,
    thread,
    welcome,
)

ALL: tuple[ModuleType, ...] = (
    frame,
    welcome,
    join,
    login,
    recover,
    settings,
    operate,
    promise,
    questions,
    ask,
    thread,
    thanks,
    phrase,
    edit,
    profiles,
    notifications,
    lookup,
)
"""Each has `routes`, an aiohttp RouteTableDef."""
