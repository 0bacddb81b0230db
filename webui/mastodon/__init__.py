"""The Mastodon client API, one module per family of paths. `ALL` is what the application serves."""

from aiohttp import web

from webui.mastodon import (
    accounts,
    admin_accounts,
    admin_domains,
    admin_reports,
    announcements,
    apps,
    blocks,
    conversations,
    crossorigin,
    emojis,
    filters,
    filters_v1,
    follow_requests,
    instance,
    lists,
    machi,
    markers,
    media,
    notification_groups,
    notification_policy,
    notifications,
    polls,
    profile,
    push,
    quotes,
    rates,
    reports,
    saved,
    scheduled,
    search,
    signup,
    status_actions,
    statuses,
    suggestions,
    tags,
    timelines,
    tokens,
    trends,
)
from webui.mastodon.routing import Api, add_routes

ALL: tuple[Api, ...] = (
    timelines.routes,
    instance.routes,
    media.routes,
    apps.routes,
    tokens.routes,
    signup.routes,
    accounts.routes,
    follow_requests.routes,
    blocks.routes,
    lists.routes,
    tags.routes,
    suggestions.routes,
    statuses.routes,
    status_actions.routes,
    polls.routes,
    scheduled.routes,
    saved.routes,
    quotes.routes,
    machi.routes,
    profile.routes,
    emojis.routes,
    notifications.routes,
    notification_groups.routes,
    notification_policy.routes,
    filters.routes,
    filters_v1.routes,
    markers.routes,
    conversations.routes,
    push.routes,
    search.routes,
    announcements.routes,
    trends.routes,
    reports.routes,
    admin_accounts.routes,
    admin_reports.routes,
    admin_domains.routes,
)  # fmt: skip


def attach(app: web.Application) -> None:
    """Serve the API from `app`, to pages of any origin too."""
    app[rates.COUNTS] = {}
    app.on_response_prepare.append(crossorigin.allow)
    for routes in ALL:
        add_routes(app, routes)
