"""ありがとう: one for each answer and giver, with words or without, at any later time. Nothing is ever ranked by it."""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from community import distance, events, ids, inserts, notifications, posts, town, visibility, wording
from community.books import Book, Letter, book
from community.errors import Invalid, NotAllowed, NotFound
from community.models import Account, HomeEntry, Mention, Notification, Post, Thanks
from community.text import Body

__all__ = [
    "TONES", "Book", "Letter", "ThanksOrigin", "attach_message", "between", "book", "by_uri", "claim_message", "give",
    "withdraw",
]  # fmt: skip

TONES = ("kind", "clear", "grounded")
"""やさしい・わかりやすい・根拠が確か"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThanksOrigin:
    """The Like by which a remote ありがとう came. `published` is in milliseconds; `message_uri` names its words."""

    uri: str
    published: int
    message_uri: str | None = None
    sample: bool = False


def give(
    session: Session,
    *,
    giver: Account,
    answer: Post,
    message: Body | None = None,
    tone: str | None = None,
    private: bool = False,
    from_asker: bool = False,
    said: Post | None = None,
    origin: ThanksOrigin | None = None,
) -> Thanks:
    """Thank the author of `answer`; a second time gives back what stands and changes nothing, unless it brings the
    first words of a local giver.

    Words of a local giver become a post of their own under the answer, seen by whoever sees the question, or, with
    `private`, by the receiver alone; or `said`, a reply of the giver's to the answer, becomes the words. The relay gives for the asker of an anonymous question (`from_asker`). Words of
    a remote giver come as their own note, before or after. NotFound if the giver cannot see the answer, NotAllowed
    for anything but somebody else's answer, Invalid("message" or "tone") for what does not fit.
    """
    known = between(session, giver.id, answer.id)
    wordless = (message is None or not message.text or origin is not None) and said is None
    if known is not None and (wordless or known.message_post_id is not None):
        return known
    _check(session, giver, answer, from_asker=from_asker, local=origin is None)
    if origin is None and tone is not None and tone not in TONES:
        raise Invalid("tone", "ことばの印をもう一度選んでください。")
    words = (
        None
        if wordless or message is None or said is not None
        else wording.body(message, most=wording.MESSAGE_MOST, field="message")
    )
    if known is not None and said is not None:
        attach_message(session, thanks=known, post=said)
        events.record(session, events.PostEdited(said.id))
        return known
    if known is not None and words is not None:
        known.private = known.private or private
        _write_message(session, known, giver, answer, words)
        return known
    thanks = _store(
        session,
        giver=giver,
        answer=answer,
        tone=tone if tone in TONES else None,
        private=private,
        origin=origin,
    )
    if words is not None:
        _write_message(session, thanks, giver, answer, words)
    elif said is not None:
        attach_message(session, thanks=thanks, post=said)
    elif origin is not None:
        _adopt_message(session, thanks)
    receiver = session.get(Account, answer.author_id)
    assert receiver is not None
    notifications.tell(session, to=receiver, kind="thanks", actor=giver, post=answer, thanks=thanks)
    events.record(session, events.ThanksGiven(thanks.id))
    return thanks


def attach_message(session: Session, *, thanks: Thanks, post: Post) -> None:
    """`post`, the giver's note under the answer, carries the words of `thanks`: it is no comment any more.

    Ignored unless giver and answer are the same, and if words are there already.
    """
    if thanks.message_post_id is not None or post.thanks_id is not None or post.deleted_at is not None:
        return
    if post.author_id != thanks.giver_id or post.parent_id != thanks.post_id:
        return
    root = session.get(Post, post.root_id)
    if root is not None and posts.counts_publicly(post):
        posts.adjust(root, comments_count=-1)
    # Whoever was told of a comment is told of thanks now; and a letter stands in its thread, on nobody's home.
    session.execute(delete(Notification).where(Notification.post_id == post.id))
    session.execute(delete(HomeEntry).where(HomeEntry.post_id == post.id))
    _bind(session, thanks, post)


def claim_message(session: Session, post: Post) -> bool:
    """Whether a remote note that has just come carries the words of a known ありがとう; if so they belong together."""
    thanks = session.scalar(
        select(Thanks).where(
            Thanks.message_uri == post.uri,
            Thanks.giver_id == post.author_id,
            Thanks.post_id == post.parent_id,
            Thanks.message_post_id.is_(None),
        )
    )
    if thanks is None:
        return False
    _bind(session, thanks, post)
    return True


def withdraw(session: Session, *, giver: Account, answer: Post) -> None:
    """Take an ありがとう back, and a local giver's words with it; nothing happens if there is none."""
    thanks = between(session, giver.id, answer.id)
    if thanks is None:
        return
    message = session.get(Post, thanks.message_post_id) if thanks.message_post_id is not None else None
    session.execute(delete(Notification).where(Notification.thanks_id == thanks.id))
    gone = events.ThanksWithdrawn(thanks.uri, thanks.giver_id, thanks.receiver_id, thanks.post_id)
    session.delete(thanks)
    posts.adjust(answer, thanks_count=-1)
    session.flush()
    if message is not None:
        _release_message(session, message, giver)
    events.record(session, gone)


def between(session: Session, giver_id: int, answer_id: int) -> Thanks | None:
    return session.scalar(select(Thanks).where(Thanks.giver_id == giver_id, Thanks.post_id == answer_id))


def by_uri(session: Session, uri: str) -> Thanks | None:
    """The ありがとう that goes by `uri`: for an Undo that names it by id alone."""
    return session.scalar(select(Thanks).where(Thanks.uri == uri))


def _check(session: Session, giver: Account, answer: Post, *, from_asker: bool, local: bool) -> None:
    if not visibility.may_see(session, visibility.viewer_of(session, giver), answer):
        raise NotFound(
            "この回答は見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。"
        )
    distance.check(session, actor=giver, target=session.get_one(Account, answer.author_id))
    if local:
        posts.check_author(giver)
    if answer.kind != "answer":
        raise NotAllowed("ありがとうは、回答に贈れます。")
    if answer.author_id == giver.id:
        raise NotAllowed("ご自分の回答には贈れません。その気持ち、きっとだれかから届きます。")
    if giver.kind == "relay" and not (_asked(session, giver, answer) and (from_asker or not local)):
        raise NotAllowed("名札を伏せたまま贈れるのは、質問したご本人だけです。")


def _asked(session: Session, giver: Account, answer: Post) -> bool:
    root = session.get(Post, answer.root_id)
    return root is not None and root.author_id == giver.id


def _store(
    session: Session,
    *,
    giver: Account,
    answer: Post,
    tone: str | None,
    private: bool,
    origin: ThanksOrigin | None,
) -> Thanks:
    now = town.now(session)
    moment = now if origin is None else max(1, min(origin.published, now))
    identifier = ids.new(moment)
    hidden = giver.kind == "relay" and giver.local
    thanks = Thanks(
        id=identifier,
        uri=origin.uri if origin else town.of(session).uris.activity(identifier),
        giver_id=giver.id,
        receiver_id=answer.author_id,
        post_id=answer.id,
        message_uri=origin.message_uri if origin else None,
        tone=tone,
        private=private,
        from_asker=_asked(session, giver, answer),
        sample=town.of(session).settings.instance.sample or (origin is not None and origin.sample),
        created_at=moment - moment % posts.HOUR if hidden else moment,
    )
    session.add(thanks)
    session.flush()
    posts.adjust(answer, thanks_count=1)
    session.flush()
    return thanks


def _write_message(session: Session, thanks: Thanks, giver: Account, answer: Post, message: Body) -> None:
    root = session.get(Post, answer.root_id)
    assert root is not None
    wide = visibility.narrower(root.visibility, answer.visibility)
    post = Post(
        kind="comment",
        visibility=visibility.DIRECT if thanks.private else wide,
        anonymous=giver.kind == "relay",
        from_asker=thanks.from_asker,
        board_id=root.board_id,
        root_id=root.id,
        parent_id=answer.id,
        in_reply_to_uri=answer.uri,
        context_uri=root.context_uri,
        body_source=message.source,
        body_html=message.html,
        body_text=message.text,
        language=root.language,
        thanks_id=thanks.id,
    )
    posts.store(session, post, author=giver, origin=None)
    receiver = session.get(Account, thanks.receiver_id)
    assert receiver is not None
    posts.mention(session, post, [receiver])
    posts.count_reply(session, post, 1)
    thanks.message_post_id, thanks.message_uri = post.id, post.uri
    session.flush()
    events.record(session, events.PostCreated(post.id))


def _adopt_message(session: Session, thanks: Thanks) -> None:
    """The words of a remote giver may have come before the ありがとう."""
    post = posts.by_uri(session, thanks.message_uri) if thanks.message_uri else None
    if post is not None:
        attach_message(session, thanks=thanks, post=post)


def _bind(session: Session, thanks: Thanks, post: Post) -> None:
    thanks.message_post_id, thanks.message_uri = post.id, post.uri
    thanks.private = thanks.private or post.visibility == visibility.DIRECT
    post.thanks_id = thanks.id
    post.touched += 1
    session.flush()
    inserts.new_row(
        session, Mention, post_id=post.id, account_id=thanks.receiver_id
    )  # a letter reaches its receiver


def _release_message(session: Session, message: Post, giver: Account) -> None:
    """Words whose ありがとう is gone: our giver's go too; a remote giver's note is a comment until its town says."""
    if message.local:
        posts.delete(session, post=message, by=giver)
        return
    message.thanks_id = None
    message.touched += 1
    root = session.get(Post, message.root_id)
    if root is not None and posts.counts_publicly(message):
        posts.adjust(root, comments_count=1)
    session.flush()
