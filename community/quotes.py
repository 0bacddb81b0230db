"""Quotes: one post shows another inside it. Offered to apps and understood on the wire; our own pages offer none.

What may be quoted is for its author to say (`quote_policy`), and a quote can be taken off again by them. A quote that
needs the word of another server waits (`pending`) until that word has come. The consent of an author of this town
is a row of its own (`quote_stamps`), which other servers fetch (FEP-044f).
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import distance, events, notifications, quote_stamps
from community import visibility as sight
from community.errors import Invalid, NotAllowed, NotFound
from community.models import Account, Follow, Post, QuoteStamp
from community.visibility import DIRECT, FOLLOWERS, OPEN, UNLISTED

PUBLIC, FOLLOWERS_ONLY, NOBODY = "public", "followers", "nobody"
POLICIES = (PUBLIC, FOLLOWERS_ONLY, NOBODY)
"""What a member may say of a post. Posts of others may also be `manual` or `manual_followers`: their author looks at
each request, by everybody or by followers.
"""

PENDING, ACCEPTED, REJECTED, REVOKED = "pending", "accepted", "rejected", "revoked"
_EVERYBODYS = (OPEN, UNLISTED)


def verdict(session: Session, *, author: Account, quoted: Post) -> str:
    """Whether `author` may quote `quoted`: accepted, pending (another server has to be asked) or rejected.

    Only what everybody may see is quoted by others. A remote author who says nothing of quoting is not asked.
    """
    if quoted.author_id == author.id:
        return REJECTED if quoted.visibility == DIRECT else ACCEPTED
    if quoted.visibility not in _EVERYBODYS or quoted.deleted_at is not None:
        return REJECTED
    policy = policy_of(quoted)
    if policy == NOBODY:
        return REJECTED
    if not quoted.local:
        return ACCEPTED if quoted.quote_policy is None else PENDING
    if distance.apart(session, actor=author, target=session.get_one(Account, quoted.author_id)):
        return REJECTED
    if policy == FOLLOWERS_ONLY and not _follows(session, author.id, quoted.author_id):
        return REJECTED
    return ACCEPTED


def policy_of(post: Post) -> str:
    """Who may quote `post`, as far as its author said; what only a few may see nobody may quote."""
    if post.visibility not in _EVERYBODYS:
        return NOBODY
    return post.quote_policy or PUBLIC


def check(session: Session, *, author: Account, quoted: Post, visibility: str) -> Post:
    """What a local `author` may quote in a post of this `visibility`: `quoted`, or what it passes on if it is a boost.

    NotFound if `author` cannot see it; Invalid("quoted_status_id") if its author does not want to be quoted, or if it
    was said to a narrower circle than the quote would be.
    """
    if quoted.kind == "boost":
        quoted = session.get_one(Post, quoted.boost_of_id)
    if not sight.may_see(session, sight.viewer_of(session, author), quoted):
        raise NotFound("引用しようとした投稿は見つかりませんでした。")
    distance.check(session, actor=author, target=session.get_one(Account, quoted.author_id))
    wider = quoted.visibility not in _EVERYBODYS and visibility not in (FOLLOWERS, DIRECT)
    if wider or verdict(session, author=author, quoted=quoted) == REJECTED:
        raise Invalid("quoted_status_id", "この投稿は引用できません。")
    return quoted


def attach(
    session: Session,
    post: Post,
    *,
    author: Account,
    quoted: Post | None,
    uri: str | None = None,
    stamp: str | None = None,
) -> None:
    """Let `post` quote `quoted`; of a remote post also what is not known here yet, by its `uri`. `stamp` is the address
    of the quoted author's consent, where that was proved.
    """
    post.quote_uri = uri or (quoted.uri if quoted is not None else None)
    post.quote_of_id = quoted.id if quoted is not None else None
    post.quote_authorization = None
    if quoted is None:
        post.quote_state = PENDING if post.quote_uri is not None else None
        return
    revoked = quoted.local and quote_stamps.is_revoked(session, quoted.id, post.uri)
    state = REVOKED if revoked else ACCEPTED if stamp else verdict(session, author=author, quoted=quoted)
    post.quote_state = state
    session.flush()
    if state != ACCEPTED:
        return
    post.quote_authorization = stamp or _own_stamp(session, post, author, quoted)
    session.flush()
    _count(session, quoted.id, 1)
    quoted_author = session.get_one(Account, quoted.author_id)
    if sight.may_see(session, sight.viewer_of(session, quoted_author), post):
        notifications.tell(session, to=quoted_author, kind="quote", actor=author, post=post)


def ask(
    session: Session, *, author: Account, quoted: Post, quoting_uri: str, request_uri: str
) -> QuoteStamp | None:
    """`author`, of another server, asks to quote a post of this town in `quoting_uri`: the stamp, or None if that is not
    wanted. Either is told to who asked. NotFound for a post that `author` cannot know of.
    """
    told_to_all = quoted.visibility in _EVERYBODYS and quoted.deleted_at is None
    if not told_to_all and not sight.may_see(session, sight.viewer_of(session, author), quoted):
        raise NotFound("引用しようとした投稿は見つかりませんでした。")
    stamp = None
    if verdict(session, author=author, quoted=quoted) == ACCEPTED:
        stamp = quote_stamps.grant(
            session, quoted=quoted, account=author, quoting_uri=quoting_uri, request_uri=request_uri
        )
    if stamp is None:
        events.record(session, events.QuoteRefused(request_uri, quoting_uri, quoted.id, author.id))
    else:
        events.record(session, events.QuoteGranted(stamp.id, request_uri))
    return stamp


def accept(session: Session, *, post: Post, stamp: str) -> bool:
    """The author of what `post` quotes agreed by the consent at `stamp`; whether anything changed. What they took back
    stays taken back.
    """
    if post.quote_of_id is None or post.quote_state not in (PENDING, REJECTED, ACCEPTED):
        return False
    if (post.quote_state, post.quote_authorization) == (ACCEPTED, stamp):
        return False
    if post.quote_state != ACCEPTED:
        _count(session, post.quote_of_id, 1)
    _decide(session, post, ACCEPTED, stamp)
    return True


def refuse(session: Session, *, post: Post) -> None:
    """The author of what `post` quotes does not agree."""
    if post.quote_of_id is not None and post.quote_state in (PENDING, ACCEPTED):
        if post.quote_state == ACCEPTED:
            _count(session, post.quote_of_id, -1)
        _decide(session, post, REJECTED, None)


def withdraw(session: Session, *, post: Post) -> None:
    """The author of what `post` quotes took their consent back."""
    if post.quote_of_id is not None and post.quote_state in (PENDING, ACCEPTED):
        if post.quote_state == ACCEPTED:
            _count(session, post.quote_of_id, -1)
        _decide(session, post, REVOKED, None)


def detach(session: Session, post: Post) -> bool:
    """Let `post` quote nothing any more (its author edited it); whether it quoted anything."""
    if post.quote_uri is None:
        return False
    if post.quote_state == ACCEPTED and post.quote_of_id is not None:
        _count(session, post.quote_of_id, -1)
    post.quote_of_id = post.quote_uri = post.quote_state = post.quote_authorization = None
    session.flush()
    return True


def revoke(session: Session, *, by: Account, quoted: Post, quoting: Post) -> None:
    """`by`, who wrote `quoted`, does not want it shown in `quoting`; again changes nothing.

    NotAllowed for anybody else, NotFound if `quoting` does not quote it.
    """
    if quoted.author_id != by.id:
        raise NotAllowed("引用を外せるのは、引用されたご本人だけです。")
    if quoting.quote_of_id != quoted.id or quoting.deleted_at is not None:
        raise NotFound("その引用は見つかりませんでした。")
    if quoting.quote_state == REVOKED:
        return
    if quoting.quote_state == ACCEPTED:
        _count(session, quoted.id, -1)
    quoting.quote_state, quoting.quote_authorization = REVOKED, None
    session.flush()
    touch(session, quoting.id)
    events.record(session, events.QuoteRevoked(quoting.id))
    quoter = session.get_one(Account, quoting.author_id)
    quote_stamps.revoke(session, quoted=quoted, account=quoter, quoting_uri=quoting.uri)


def set_policy(session: Session, *, by: Account, post: Post, policy: str) -> None:
    """Say anew who may quote `post`; quotes that stand stay. NotAllowed for anybody else, Invalid("policy")."""
    if post.author_id != by.id:
        raise NotAllowed("引用についての設定を変えられるのは、書いたご本人だけです。")
    if policy not in POLICIES:
        raise Invalid("policy", "引用についての設定をもう一度選んでください。")
    if post.quote_policy != policy:
        post.quote_policy = policy
        session.flush()
        touch(session, post.id)
        events.record(session, events.QuotePolicySet(post.id))


def _own_stamp(session: Session, post: Post, author: Account, quoted: Post) -> str | None:
    """The consent that others ask for where one of this town quotes another; nobody needs it to quote themselves."""
    if not (post.local and quoted.local) or author.id == quoted.author_id:
        return None
    stamp = quote_stamps.grant(session, quoted=quoted, account=author, quoting_uri=post.uri)
    return quote_stamps.uri_of(session, stamp) if stamp is not None else None


def _decide(session: Session, post: Post, state: str, stamp: str | None) -> None:
    post.quote_state, post.quote_authorization = state, stamp
    session.flush()
    touch(session, post.id)
    if post.local:
        events.record(session, events.QuoteDecided(post.id))


def _follows(session: Session, follower_id: int, followee_id: int) -> bool:
    found = select(Follow.id).where(
        Follow.follower_id == follower_id, Follow.followee_id == followee_id, Follow.state == "accepted"
    )
    return session.scalar(found) is not None


def _count(session: Session, post_id: int, by: int) -> None:
    session.execute(update(Post).where(Post.id == post_id).values(quotes_count=Post.quotes_count + by))


def touch(session: Session, post_id: int) -> None:
    """What is shown of the quote in the post `post_id` is another now."""
    session.execute(update(Post).where(Post.id == post_id).values(touched=Post.touched + 1))
