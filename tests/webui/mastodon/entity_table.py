"""Every entity of the client API, field by field: the name, the type, whether it may be null or absent.

`s` text, `i` whole number, `f` number, `b` true or false, `d` moment (UTC, milliseconds, Z), `date`, `url` absolute address, `id` decimal
digits, `[x]` list, `{x}` map, an entity by its name, `=x` exactly that, `a|b` either, `null`; `?` behind the name: may be absent.
"""

import re
from typing import Any
from urllib.parse import urlsplit

TABLE: dict[str, str] = {
    "Account": """
        id:id username:s acct:s display_name:s locked:b bot:b discoverable:b|null indexable:b group:b created_at:d note:s url:url uri:url
        avatar:url avatar_static:url header:url header_static:url followers_count:i following_count:i statuses_count:i
        last_status_at:date|null hide_collections:b|null noindex?:b emojis:[CustomEmoji] fields:[Field] roles?:[Role]
        moved?:Account suspended?:b limited?:b memorial?:b machi?:{any}""",
    "Field": "name:s value:s verified_at:d|null",
    "Role": "id:s name:s color:s",
    "CredentialAccount": "Account source:Source role:CredentialRole",
    "Source": """privacy:s sensitive:b language:s|null note:s fields:[Field] follow_requests_count:i hide_collections:b|null
        discoverable:b|null indexable:b attribution_domains:[s] quote_policy:s""",
    "CredentialRole": "id:s name:s permissions:id color:s highlighted:b",
    "MutedAccount": "Account mute_expires_at:d|null",
    "Relationship": """id:id following:b showing_reblogs:b notifying:b languages:[s]|null followed_by:b blocking:b blocked_by:b muting:b
        muting_notifications:b muting_expires_at?:d|null requested:b requested_by:b domain_blocking:b endorsed:b note:s""",
    "Status": """
        id:id created_at:d edited_at:d|null in_reply_to_id:id|null in_reply_to_account_id:id|null sensitive:b spoiler_text:s
        visibility:Visibility language:s|null uri:url url:url content:s replies_count:i reblogs_count:i favourites_count:i quotes_count:i
        account:Account reblog:Status|null application?:StatusApplication|null media_attachments:[MediaAttachment] mentions:[Mention]
        tags:[StatusTag] emojis:[CustomEmoji] card:PreviewCard|null poll:Poll|null quote:Quote|ShallowQuote|null quote_approval:QuoteApproval
        favourited?:b reblogged?:b muted?:b bookmarked?:b filtered?:[FilterResult] pinned?:b machi:{any}""",
    "OwnStatus": "Status favourited:b reblogged:b muted:b bookmarked:b filtered:[FilterResult] pinned:b",
    "DeletedStatus": "Status -content text:s",
    "Visibility": "=public|=unlisted|=private|=direct",
    "StatusApplication": "name:s website:s|null",
    "Mention": "id:id username:s url:url acct:s",
    "StatusTag": "name:s url:url",
    "Quote": "state:QuoteState quoted_status:Status|null",
    "ShallowQuote": "state:QuoteState quoted_status_id:id|null",
    "QuoteState": "=pending|=accepted|=rejected|=revoked|=deleted|=unauthorized|=blocked_account|=blocked_domain|=muted_account",
    "QuoteApproval": "automatic:[s] manual:[s] current_user:s",
    "Context": "ancestors:[Status] descendants:[Status]",
    "StatusSource": "id:id text:s spoiler_text:s",
    "StatusEdit": """content:s spoiler_text:s sensitive:b created_at:d account:Account media_attachments:[MediaAttachment]
        emojis:[CustomEmoji] poll?:EditPoll quote?:Quote|null""",
    "EditPoll": "options:[EditOption]",
    "EditOption": "title:s",
    "MediaAttachment": """id:id type:s url:url|null preview_url:url|null remote_url:url|null preview_remote_url:null text_url:null
        description:s|null blurhash:s|null meta:{any}""",
    "PreviewCard": """url:url title:s description:s language:s|null type:s author_name:s author_url:s provider_name:s provider_url:s html:s
        width:i height:i image:url|null image_description:s embed_url:s blurhash:s|null published_at:d|null authors:[CardAuthor]""",
    "CardAuthor": "name:s url:s account:Account|null",
    "Poll": """id:id expires_at:d|null expired:b multiple:b votes_count:i voters_count:i|null options:[PollOption] emojis:[CustomEmoji]
        voted?:b own_votes?:[i]""",
    "PollOption": "title:s votes_count:i|null",
    "CustomEmoji": "shortcode:s url:url static_url:url visible_in_picker:b category?:s|null",
    "Tag": "id:id name:s url:url history:[TagDay] following?:b featuring?:b",
    "TagDay": "day:id accounts:id uses:id",
    "FeaturedTag": "id:id name:s url:url statuses_count:id last_status_at:date|null",
    "Notification": """id:id type:s created_at:d group_key:s account:Account status?:Status report?:Report event?:{any}
        moderation_warning?:{any} machi?:{any}""",
    "GroupedNotificationsResults": """accounts:[Account] partial_accounts?:[PartialAccount] statuses:[Status]
        notification_groups:[NotificationGroup]""",
    "PartialAccount": "id:id acct:s locked:b bot:b url:url avatar:url avatar_static:url",
    "NotificationGroup": """group_key:s notifications_count:i type:s most_recent_notification_id:i page_min_id?:id page_max_id?:id
        latest_page_notification_at?:d sample_account_ids:[id] status_id?:id report?:Report event?:{any} moderation_warning?:{any} machi?:{any}""",
    "NotificationPolicy": """for_not_following:Policy for_not_followers:Policy for_new_accounts:Policy for_private_mentions:Policy
        for_limited_accounts:Policy for_bots?:Policy summary:PolicySummary""",
    "Policy": "=accept|=filter|=drop",
    "PolicySummary": "pending_requests_count:i pending_notifications_count:i",
    "NotificationRequest": "id:id created_at:d updated_at:d notifications_count:id account:Account last_status?:Status|null",
    "Marker": "last_read_id:id version:i updated_at:d",
    "List": "id:id title:s replies_policy:ReplyPolicy exclusive:b",
    "ReplyPolicy": "=followed|=list|=none",
    "Conversation": "id:id unread:b accounts:[Account] last_status:Status|null",
    "Search": "accounts:[Account] statuses:[Status] hashtags:[Tag]",
    "Suggestion": "source:s sources:[s] account:Account",
    "Filter": "id:id title:s context:[s] expires_at:d|null filter_action:s keywords:[FilterKeyword] statuses:[FilterStatus]",
    "FilterKeyword": "id:id keyword:s whole_word:b",
    "FilterStatus": "id:id status_id:id",
    "ShortFilter": "id:id title:s context:[s] expires_at:d|null filter_action:s",
    "FilterResult": "filter:ShortFilter keyword_matches:[s]|null status_matches:[id]|null",
    "V1Filter": "id:id phrase:s context:[s] expires_at:d|null irreversible:b whole_word:b",
    "ScheduledStatus": "id:id scheduled_at:d media_attachments:[MediaAttachment] params:ScheduledParams",
    "ScheduledParams": """text:s media_ids:[id]|null sensitive:b|null spoiler_text:s|null visibility:s|null language:s|null scheduled_at:null
        poll:ScheduledPoll|null idempotency:s|null with_rate_limit:b in_reply_to_id:i|null application_id:i|null allowed_mentions?:[s]|null
        quoted_status_id?:id|null quote_approval_policy?:s|null""",
    "ScheduledPoll": "options:[s] expires_in:i|s multiple:b hide_totals:b",
    "Application": """id:id name:s website:s|null scopes:[s] redirect_uris:[s] redirect_uri:s client_id:s client_secret:s
        client_secret_expires_at:i vapid_key:s""",
    "ShownApplication": "id:id name:s website:s|null scopes:[s] redirect_uris:[s] redirect_uri:s vapid_key?:s",
    "Token": "access_token:s token_type:=Bearer scope:s created_at:i",
    "InstanceV2": """domain:s title:s version:s source_url:s description:s usage:{any} thumbnail:Thumbnail icon:[Icon] languages:[s]
        configuration:Configuration registrations:Registrations api_versions:{i} contact:Contact rules:[Rule] wrapstodon?:s|null""",
    "Thumbnail": "url:url description?:s|null blurhash?:s|null versions?:{any}",
    "Icon": "src:url size:s",
    "Configuration": """urls:{any} vapid:{s} accounts:{i} statuses:{i} media_attachments:{any} polls:{i} translation:{b}
        timelines_access:{any} limited_federation?:b""",
    "Registrations": "enabled:b approval_required:b reason_required?:b|null message:s|null min_age?:i|null url?:url|null",
    "Contact": "email:s account:Account|null",
    "Rule": "id:s text:s hint:s translations?:{any}",
    "InstanceV1": """uri:s title:s short_description:s description:s email:s version:s urls:{any} stats:{i} thumbnail:url|null languages:[s]
        registrations:b approval_required:b invites_enabled:b configuration:{any} contact_account:Account|null rules:[Rule] max_toot_chars?:i""",
    "Preferences": """posting:default:visibility=s posting:default:sensitive=b posting:default:language=s|null posting:default:quote_policy=s
        reading:expand:media=s reading:expand:spoilers=b reading:autoplay:gifs=b""",
    "PushSubscription": "id:i endpoint:s standard:b alerts:{b} server_key:s policy:s",
    "Announcement": """id:id content:s starts_at:d|null ends_at:d|null all_day:b published_at:d updated_at:d read?:b mentions:[any]
        statuses:[any] tags:[any] emojis:[CustomEmoji] reactions:[Reaction]""",
    "Reaction": "name:s count:i me?:b url?:url static_url?:url",
    "Report": """id:id action_taken:b action_taken_at:d|null category:s comment:s forwarded:b created_at:d status_ids:[id]|null
        rule_ids:[s]|null collection_ids?:[s]|null target_account:Account""",
    "OAuthMetadata": """issuer:url authorization_endpoint:url token_endpoint:url revocation_endpoint:url app_registration_endpoint:url
        userinfo_endpoint:url service_documentation:url scopes_supported:[s] response_types_supported:[s] response_modes_supported:[s]
        grant_types_supported:[s] token_endpoint_auth_methods_supported:[s] revocation_endpoint_auth_methods_supported?:[s] code_challenge_methods_supported:[s]""",
    "UserInfo": "iss:url sub:url name:s preferred_username:s profile:url picture:url",
    "FamiliarFollowers": "id:id accounts:[Account]",
    "Activity": "week:id statuses:id logins:id registrations:id",
}
"""As the client-API reference has them for Mastodon 4.5; our own fields stand under `machi`."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,3}Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def complaints(value: Any, kind: str, where: str = "") -> list[str]:
    """What in `value` is not as the table has it for `kind`, each with its place; empty if all is well."""
    where = where or kind
    if "|" in kind and kind not in TABLE:
        tried = [complaints(value, each, where) for each in kind.split("|")]
        return [] if any(not each for each in tried) else min(tried, key=len)
    if kind in TABLE and TABLE[kind].startswith("="):
        return complaints(value, TABLE[kind], where)
    if kind in TABLE:
        return _entity(value, kind, where)
    if kind.startswith("["):
        if not isinstance(value, list):
            return [f"{where} is no list: {value!r}"]
        return [each for at, item in enumerate(value) for each in complaints(item, kind[1:-1], f"{where}[{at}]")]
    if kind.startswith("{"):
        if not isinstance(value, dict):
            return [f"{where} is no map: {value!r}"]
        return [each for name, item in value.items() for each in complaints(item, kind[1:-1], f"{where}.{name}")]
    return [] if _fits(value, kind) else [f"{where} is not {kind}: {value!r}"]


def _entity(value: Any, kind: str, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where} is no {kind}: {value!r}"]
    wanted = fields(kind)
    found = [
        f"{where} has a field that {kind} does not have: {name}"
        for name in value
        if name not in wanted and not name.endswith("_description")
    ]
    for name, (of, optional) in wanted.items():
        if name not in value:
            found += [] if optional else [f"{where} lacks {name}"]
        else:
            found += complaints(value[name], of, f"{where}.{name}")
    return found


def fields(kind: str) -> dict[str, tuple[str, bool]]:
    """The fields of an entity: type, and whether it may be absent. A bare name takes over all fields of another, and `-name` one less."""
    found: dict[str, tuple[str, bool]] = {}
    for word in TABLE[kind].split():
        if word in TABLE:
            found |= fields(word)
            continue
        if word.startswith("-"):
            del found[word[1:]]
            continue
        name, _, of = word.rpartition("=") if "=" in word and ":=" not in word else word.partition(":")
        found[name.removesuffix("?")] = (of, name.endswith("?"))
    return found


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case "any":
            return True
        case "null":
            return value is None
        case "s":
            return isinstance(value, str)
        case "b":
            return isinstance(value, bool)
        case "i":
            return isinstance(value, int) and not isinstance(value, bool)
        case "f":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "id":
            return isinstance(value, str) and value.isascii() and value.isdigit()
        case "d":
            return isinstance(value, str) and _MOMENT.fullmatch(value) is not None
        case "date":
            return isinstance(value, str) and _DATE.fullmatch(value) is not None
        case "url":
            return isinstance(value, str) and bool(urlsplit(value).scheme and urlsplit(value).netloc)
    return kind.startswith("=") and value == kind[1:]
