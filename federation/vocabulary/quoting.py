"""What our posts say of quoting: what they quote, by whose consent, and who may quote them (FEP-044f; reference §1.2)."""

from typing import Any

from sqlalchemy.orm import Session

from community import anonymity, quote_stamps, quotes
from community.models import Account, Post, QuoteStamp
from federation.vocabulary import terms

Document = dict[str, Any]
_QUOTE_NAMES = ("quote", "quoteUri", "quoteUrl", "_misskey_quote")
"""One quote by all the names under which others look for it."""


def of_post(post: Post, author: Account) -> Document:
    """The members of a Note that concern quoting. `author` is the one that is shown.

    Only `canQuote` is stated: every other key would be a promise to answer requests of that kind too.
    """
    said: Document = {"interactionPolicy": {"canQuote": {"automaticApproval": [_who_may(post, author)]}}}
    if (about := quoted(post)) is not None:
        said |= dict.fromkeys(_QUOTE_NAMES, about)
        if post.quote_authorization is not None:
            said["quoteAuthorization"] = post.quote_authorization
    return said


def quoted(post: Post) -> str | None:
    """The id of what the post quotes, as long as nobody has spoken against it."""
    return post.quote_uri if post.quote_state in (quotes.ACCEPTED, quotes.PENDING) else None


def stamp(session: Session, row: QuoteStamp) -> Document:
    """The consent of the author of ours who is quoted."""
    post = session.get_one(Post, row.post_id)
    return {
        "id": quote_stamps.uri_of(session, row),
        "type": "QuoteAuthorization",
        "attributedTo": anonymity.public_author(session, post).uri,
        "interactingObject": row.quoting_uri,
        "interactionTarget": post.uri,
    }


def _who_may(post: Post, author: Account) -> str:
    """Whose quotes are agreed to at once. The author's own id alone means nobody else: an empty list is not understood."""
    match quotes.policy_of(post):
        case quotes.PUBLIC:
            return terms.PUBLIC
        case quotes.FOLLOWERS_ONLY:
            return f"{author.uri}/followers"
    return author.uri
