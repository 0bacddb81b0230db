"""The pages people see, one module per family of screens. `ALL` is what the application serves."""

from types import ModuleType

from webui.oauth import authorize
from webui.pages import (
    ask,
    authorised_apps,
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
    authorised_apps,
    authorize,
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
