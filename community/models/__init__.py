"""Every table of the community, one file per noun."""

from community.models.accounts import (
    LOCAL,
    Account,
    Board,
    CustomEmoji,
    Learning,
    Member,
    Strength,
    Veil,
    WorkMark,
)
from community.models.anonymity import (
    AnonymousDraft,
    AnonymousThread,
)
from community.models.doors import (
    AccessGrant,
    AccessToken,
    App,
    Invite,
    OneTimeLink,
    Submission,
    WebSession,
)
from community.models.posts import (
    Card,
    Gathering,
    Join,
    Media,
    Mention,
    Poll,
    PollOption,
    PollVote,
    Post,
    PostTag,
    QuoteStamp,
    Revision,
    ScheduledPost,
    Tag,
)
from community.models.reading import (
    Filter,
    FilterKeyword,
    FilterStatus,
    Marker,
    PushItem,
    PushSubscription,
)
from community.models.schema import Model
from community.models.search import AccountWords, PostWords, TagWords
from community.models.ties import (
    AccountNote,
    Block,
    Bookmark,
    Conversation,
    DomainBlock,
    Endorsement,
    FeaturedTag,
    Follow,
    FollowedTag,
    HomeEntry,
    Like,
    ListEntry,
    ListMember,
    MemberList,
    Mute,
    Notification,
    NotificationSender,
    Pin,
    SuggestionDismissal,
    Thanks,
    ThreadMute,
)
from community.models.towns import (
    Announcement,
    AnnouncementDismissal,
    AnnouncementReaction,
    DomainRule,
    Report,
    SisterTown,
    TownTraffic,
)

__all__ = [
    "LOCAL", "AccessGrant", "AccessToken", "Account", "AccountNote", "AccountWords", "Announcement",
    "AnnouncementDismissal", "AnnouncementReaction", "AnonymousDraft", "AnonymousThread", "App", "Block",
    "Board", "Bookmark", "Card", "Conversation", "CustomEmoji", "DomainBlock", "DomainRule", "Endorsement",
    "FeaturedTag", "Filter", "FilterKeyword", "FilterStatus", "Follow", "FollowedTag", "Gathering", "HomeEntry",
    "Invite", "Join", "Learning", "Like", "ListEntry", "ListMember", "Marker", "Media", "Member", "MemberList",
    "Mention", "Model", "Mute", "Notification", "NotificationSender", "OneTimeLink", "Pin", "Poll",
    "PollOption", "PollVote", "Post", "PostTag", "PostWords", "PushItem", "PushSubscription", "QuoteStamp", "Report", "Revision",
    "ScheduledPost", "SisterTown", "Strength", "Submission", "SuggestionDismissal", "Tag", "TagWords", "Thanks",
    "ThreadMute", "TownTraffic", "Veil", "WebSession", "WorkMark",
]  # fmt: skip
