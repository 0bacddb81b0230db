"""The pages people see, one module per family of screens. `ALL` is what the application serves."""

from types import ModuleType

from webui.oauth import authorize
from webui.pages import (
    apart,
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
    report,
    reported,
    search,
    settings,
    shield,
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
    apart,
    shield,
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
    search,
    report,
    reported,
)
"""Each has `routes`, an aiohttp RouteTableDef."""
