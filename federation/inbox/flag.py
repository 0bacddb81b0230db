"""Flag: another town asks this one to look at somebody who lives here, or at what they wrote.

The signer stands for whoever asked: Mastodon sends it in the name of the server, and we keep it so.
"""

from sqlalchemy.orm import Session

from community import reports, text, towns
from community.errors import TooMany
from community.models import Account, Post
from community.reports import FOREIGN_COMMENT_MOST, POSTS_MOST, Complaint
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.reading import items, text_of, uri


def apply(session: Session, inbound: Inbound) -> None:
    reporter = inbound.actor(session)
    if towns.rejects_reports(session, reporter.domain):
        raise Ignored(f"reports of {reporter.domain} are not taken")
    named = [address for each in items(inbound.activity.get("object")) if (address := uri(each)) is not None]
    posts = [post for each in named[: POSTS_MOST + 1] if (post := known.post(session, each)) is not None]
    target = _target(session, named, posts)
    if target is None:
        raise Ignored("the Flag names nobody who lives here")
    complaint = Complaint(
        post_ids=[post.id for post in posts if post.author_id == target.id],
        comment=text.from_html(text_of(inbound.activity.get("content"))).text[:FOREIGN_COMMENT_MOST],
    )
    try:
        reports.file(session, reporter=reporter, target=target, complaint=complaint, uri=inbound.id)
    except TooMany as flood:
        raise Ignored(f"{reporter.domain} reports without end") from flood


def _target(session: Session, named: list[str], posts: list[Post]) -> Account | None:
    """The account of this town that is named, or whose post is."""
    accounts = [known.account(session, each) for each in named[: POSTS_MOST + 1]]
    accounts += [session.get(Account, post.author_id) for post in posts]
    ours = (each for each in accounts if each is not None and each.local and each.deleted_at is None)
    return next((each for each in ours if each.kind != "instance"), None)
