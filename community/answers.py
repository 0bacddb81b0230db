"""回答, and every other reply: one door, whoever speaks and wherever they live."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from community import distance, events, notifications, posts, thanks, wording
from community import extras as besides
from community import tags as tag_rows
from community import visibility as sight
from community.errors import NotAllowed, NotFound
from community.extras import Extras
from community.models import Account, Post
from community.posts import Origin
from community.text import Body
from community.visibility import DIRECT, FOLLOWERS, FROM_WIDE, SISTER_ONLY, TOWN, Viewer


def reply(
    session: Session,
    *,
    author: Account,
    parent: Post,
    body: Body,
    visibility: str | None = None,
    as_of: str | None = None,
    basis: str = "",
    ai_draft: bool = False,
    passed_on_from: Post | None = None,
    from_asker: bool = False,
    origin: Origin | None = None,
    mentions: Sequence[Account] = (),
    tags: Sequence[str] = (),
    extras: Extras | None = None,
) -> Post:
    """What `author` says to `parent`: an answer, if it stands directly under a question and is not the asker's own;
    else a comment. It is never wider than the thread it stands in, and direct stays direct.

    The relay speaks for the asker of an anonymous question (`from_asker`), and for nobody else. With `extras` an app
    wrote it, and pictures, a poll or a quote may say enough. With `origin`, a
    reply that is known comes back as it is. NotFound if `parent` is gone or was never to be seen by `author`,
    NotAllowed if `author` may not speak here, Invalid if a local text does not fit.
    """
    known = posts.known(session, origin)
    if known is not None:
        return known
    _check_parent(session, parent, author)
    root = _root(session, parent)
    asker = _speaks_as_asker(
        author, root, from_asker=from_asker or (origin is not None and origin.from_asker)
    )
    if origin is None:
        posts.check_author(author)
        if root.deleted_at is not None:
            raise NotFound("この質問は取り下げられています。")
        wordless = extras is not None and extras.speaks
        body = wording.fits(body) if wordless else wording.body(body)
        as_of, basis = wording.as_of(as_of), wording.basis(basis)
    is_answer = root.kind == "question" and parent.id == root.id and not asker
    post = posts.new(
        kind="answer" if is_answer else "comment",
        visibility=_width(root, parent, author, visibility),
        anonymous=author.kind == "relay" or (origin is not None and origin.anonymous),
        from_asker=asker,
        board_id=root.board_id,
        root_id=root.id,
        parent_id=parent.id,
        in_reply_to_uri=parent.uri,
        context_uri=root.context_uri,
        title=None,
        body_source=body.source,
        body_html=body.html,
        body_text=body.text,
        language=root.language if origin is None else None,
        as_of=wording.foreign_as_of(as_of),
        basis=basis[: wording.BASIS_MOST],
        ai_draft=ai_draft,
        passed_on_from_id=_source(session, author, passed_on_from) if is_answer else None,
    )
    if extras is not None:
        besides.dress(post, extras)
    posts.store(session, post, author=author, origin=origin)
    if extras is not None:
        besides.attach(session, post, author=author, extras=extras)
    if tags:
        tag_rows.put(session, post, wording.foreign_tags(tags), fresh=True)
    _tell_thread(session, post, author=author, root=root, parent=parent, mentions=mentions)
    return post


def _tell_thread(
    session: Session, post: Post, *, author: Account, root: Post, parent: Post, mentions: Sequence[Account]
) -> None:
    """Count the reply where it stands and tell those it concerns."""
    addressed = _account(session, parent)
    # What is said directly to others about a post is not said to its author (as apps do it).
    aside = post.visibility == DIRECT and mentions
    spoken_to = [addressed, *mentions] if post.local and not aside else mentions
    mentioned = posts.mention(session, post, spoken_to)
    posts.count_reply(session, post, 1)
    if not post.local and thanks.claim_message(session, post):
        events.record(session, events.PostCreated(post.id))
        return
    if posts.counts_publicly(post):
        posts.adjust(root, **{"answers_count" if post.kind == "answer" else "comments_count": 1})
    posts.announce(session, post)
    told = {addressed.id: (addressed, post.kind)}
    asker = _account(session, root)
    told.setdefault(asker.id, (asker, "comment"))
    for account in mentioned:
        told.setdefault(account.id, (account, "mention"))
    for account, kind in told.values():
        if account.local and sight.may_see(session, sight.viewer_of(session, account), post):
            notifications.tell(session, to=account, kind=kind, actor=author, post=post)


def _check_parent(session: Session, parent: Post, author: Account) -> None:
    """Whether `author` may have seen `parent`. Who belongs to the circle of what was said elsewhere is for the town of
    its author to say (decision 0006): of a stranger's reply to a stranger only what stands is asked.
    """
    elsewhere = not author.local and not parent.local
    viewer = Viewer(parent.author_id, remote=True) if elsewhere else sight.viewer_of(session, author)
    if not sight.may_see(session, viewer, parent):
        raise NotFound(
            "お返事の先が見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。"
        )
    if not elsewhere:
        distance.check(session, actor=author, target=_account(session, parent))


def _root(session: Session, parent: Post) -> Post:
    root = session.get(Post, parent.root_id or parent.id)
    assert root is not None
    return root


def _account(session: Session, post: Post) -> Account:
    account = session.get(Account, post.author_id)
    assert account is not None
    return account


def _speaks_as_asker(author: Account, root: Post, *, from_asker: bool) -> bool:
    """Whether the asker of the thread speaks. A relay speaks only under a question it asked itself."""
    own = author.id == root.author_id
    if author.kind == "relay" and author.local and not (own and root.anonymous and from_asker):
        raise NotAllowed("名札を伏せたままお返事できるのは、質問したご本人だけです。")
    return own


def _width(root: Post, parent: Post, author: Account, wanted: str | None) -> str:
    """The visibility of a reply: what was asked for, never wider than the thread.

    `followers` of a local author reach outside the town, so under a sister or town question they become the
    question's own visibility. A stranger's `followers` or `direct` stays what it is.
    """
    thread = sight.narrower(root.visibility, parent.visibility)
    if wanted is None or wanted not in FROM_WIDE:
        return thread
    if wanted == FOLLOWERS and thread in {SISTER_ONLY, TOWN} and author.local:
        return thread
    if thread == FOLLOWERS and wanted != DIRECT:
        return FOLLOWERS
    return sight.narrower(thread, wanted)


def _source(session: Session, author: Account, source: Post | None) -> int | None:
    """だれに教わりましたか: the answer whose knowledge is passed on. It has to be somebody else's, and visible."""
    if source is None:
        return None
    seen = sight.may_see(session, sight.viewer_of(session, author), source)
    if source.kind != "answer" or source.author_id == author.id or not seen:
        raise NotAllowed("「教わりました」には、ほかの方の回答を選んでください。")
    return source.id
