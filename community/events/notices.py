"""What a member is told."""

from dataclasses import dataclass

from community.events.bus import Event


@dataclass(frozen=True, slots=True)
class Notified(Event):
    """A member was told of something (`models.Notification`). What is held back is not told."""

    notification_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class NotificationsMerged(Event):
    """Notices that were held back came through, after the member had accepted their senders; of which posts."""

    account_id: int
    post_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationChanged(Event):
    """A direct post came into a conversation as one member sees it, or it was read."""

    conversation_id: int
    account_id: int
