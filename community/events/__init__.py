"""What happened, told inside the transaction in which it happened.

A service records events on its session. The database hands them to the subscribers before it commits, so that what
a subscriber writes (an outbox row) stands or falls with the deed. Wake-up calls run after the commit.

Each noun has its file; whoever records or subscribes asks this package for all of them.
"""

from community.events.accounts import (
    AccessEnded,
    AccountDeleted,
    AccountMoved,
    AccountUpdated,
    FiltersChanged,
    LetIn,
    ShutOut,
)
from community.events.bus import (
    Bus,
    Event,
    Hook,
    after_commit,
    record,
    recorded,
    take_hooks,
)
from community.events.gatherings import (
    GatheringChanged,
    GatheringCounted,
    JoinDeclined,
    Joined,
    Unjoined,
)
from community.events.gestures import (
    Boosted,
    Liked,
    Pinned,
    ThanksGiven,
    ThanksWithdrawn,
    Unboosted,
    Unliked,
    Unpinned,
)
from community.events.notices import (
    ConversationChanged,
    NotificationsMerged,
    Notified,
)
from community.events.posts import (
    AnswerChosen,
    AnswerUnchosen,
    PollCounted,
    PollEnded,
    PollVoted,
    PostBroughtIn,
    PostCreated,
    PostDeleted,
    PostEdited,
    PostTakenOff,
)
from community.events.quotes import (
    QuoteDecided,
    QuoteGranted,
    QuotePolicySet,
    QuoteRefused,
    QuoteRevoked,
    StampRevoked,
)
from community.events.ties import (
    BlockCreated,
    BlockRemoved,
    FollowAccepted,
    FollowEnded,
    FollowRejected,
    FollowRequested,
)
from community.events.towns import (
    AnnouncementChanged,
    AnnouncementReacted,
    AnnouncementRemoved,
    HostSuspended,
    ReportFiled,
    SisterAccepted,
    SisterAgreed,
    SisterAsked,
    SisterEnded,
)

__all__ = [
    "AccessEnded", "AccountDeleted", "AccountMoved", "AccountUpdated", "AnnouncementChanged",
    "AnnouncementReacted", "AnnouncementRemoved", "AnswerChosen", "AnswerUnchosen", "BlockCreated",
    "BlockRemoved", "Boosted", "Bus", "ConversationChanged", "Event", "FiltersChanged", "FollowAccepted",
    "FollowEnded", "FollowRejected", "FollowRequested", "GatheringChanged", "GatheringCounted", "Hook",
    "HostSuspended", "JoinDeclined", "Joined", "LetIn", "Liked", "NotificationsMerged", "Notified",
    "Pinned", "PollCounted", "PollEnded", "PollVoted", "PostBroughtIn", "PostCreated", "PostDeleted",
    "PostEdited", "PostTakenOff", "QuoteDecided", "QuoteGranted", "QuotePolicySet", "QuoteRefused",
    "QuoteRevoked", "ReportFiled", "ShutOut", "SisterAccepted", "SisterAgreed", "SisterAsked",
    "SisterEnded", "StampRevoked", "ThanksGiven", "ThanksWithdrawn", "Unboosted", "Unjoined", "Unliked",
    "Unpinned", "after_commit", "record", "recorded", "take_hooks",
]  # fmt: skip
