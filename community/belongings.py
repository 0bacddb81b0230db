"""What only a member has of reading and of their devices: it goes with them."""

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from community.models import (
    Conversation,
    Filter,
    FilterKeyword,
    FilterStatus,
    Marker,
    Notification,
    NotificationSender,
    PushItem,
    PushSubscription,
)


def drop(session: Session, account_id: int) -> None:
    """Remove the filters, markers, devices, conversations and notices of a member, and the policy's memory of senders.

    Notices of what they did stay with whom they were for, but for that of their wish to join.
    """
    filters = select(Filter.id).where(Filter.account_id == account_id)
    devices = select(PushSubscription.id).where(PushSubscription.account_id == account_id)
    for model in (FilterKeyword, FilterStatus):
        session.execute(delete(model).where(model.filter_id.in_(filters)))
    session.execute(delete(PushItem).where(PushItem.subscription_id.in_(devices)))
    for owned in (Filter, Marker, PushSubscription, Conversation, NotificationSender):
        session.execute(delete(owned).where(owned.account_id == account_id))
    wish = (Notification.actor_id == account_id) & (Notification.kind == "sign_up")
    session.execute(delete(Notification).where(or_(Notification.account_id == account_id, wish)))
