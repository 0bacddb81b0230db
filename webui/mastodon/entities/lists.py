"""List: people whose posts a member reads together."""

from community.models import MemberList


def one(row: MemberList) -> dict[str, str | bool]:
    return {
        "id": str(row.id),
        "title": row.title,
        "replies_policy": row.replies_policy,
        "exclusive": row.exclusive,
    }
