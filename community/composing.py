"""What an app sends becomes the right thing, by the same services as a page: a note, a question, an answer, a comment.

A post that begins by mentioning a board asks a question there: its first line is the title, its hashtags are tags. A
reply is an answer or a comment by where it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import answers, distance, markup, notes, questions, quotes, town, veils, wording
from community import visibility as sight
from community.errors import Invalid, NotAllowed, NotFound
from community.extras import Extras
from community.markup import Handle, Written
from community.models import Account, Board, Member, Post
from community.polls import Draft as PollDraft
from community.storage.prepared import Prepared, param
from community.visibility import DIRECT, FOLLOWERS, OPEN, TOWN, UNLISTED

TEXT_MOST = notes.NOTE_MOST
"""Characters of words and warning together, counted as apps count them (`markup.length`)."""

VISIBILITIES = (OPEN, UNLISTED, FOLLOWERS, DIRECT)
"""What an app may ask for."""

_SPEAKING = ("person", "board", "relay", "service")
_TOWN_BOARD = "machi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A post as an app sends it. `visibility` is one of VISIBILITIES; None, here and for `sensitive`, `language` and
    `quote_policy`: as the member usually posts.
    """

    text: str = ""
    visibility: str | None = None
    in_reply_to_id: int | None = None
    media_ids: tuple[int, ...] = ()
    poll: PollDraft | None = None
    summary: str = ""
    sensitive: bool | None = None
    language: str | None = None
    quoted_id: int | None = None
    quote_policy: str | None = None
    application: str = ""
    application_url: str | None = None


def write(session: Session, *, author: Account, draft: Draft, scheduled_id: int | None = None) -> Post:
    """The post of the member `author` that `draft` describes. `scheduled_id`: it had waited under this id.

    NotFound if what it answers or quotes is not there for them; Invalid names what does not fit: "blank" (nothing is
    said), "characters" (too long), "in_reply_to_id", "title", "poll", or a field of the service it goes to.
    """
    draft = as_usual(session, author, draft)
    assert draft.visibility is not None
    words, summary = spoken(draft)
    check_length(words, summary)
    known = accounts_in(session, words, by=author.id)
    parent = _parent(session, author, draft)
    besides = Extras(
        summary=summary,
        sensitive=bool(draft.sensitive or summary),
        language=draft.language,
        application=draft.application,
        application_url=draft.application_url,
        quote_policy=draft.quote_policy,
        media_ids=draft.media_ids,
        scheduled_id=scheduled_id,
        poll=draft.poll,
        quoted=_quoted(session, author, draft),
    )
    if not words.strip() and not besides.speaks:
        raise Invalid("blank", "本文がまだのようです。ひとことでも大丈夫です。")
    addressed = addressed_board(session, words, known, draft.visibility) if parent is None else None
    if addressed is not None:
        return _ask(session, author, draft, addressed, known=known, besides=besides)
    written = render(session, words, known)
    if parent is not None:
        return answers.reply(
            session,
            author=author,
            parent=parent,
            body=written.body,
            visibility=draft.visibility,
            mentions=written.mentioned,
            tags=written.tags,
            extras=besides,
        )
    return notes.write(
        session,
        author=author,
        body=written.body,
        visibility=draft.visibility,
        mentions=written.mentioned,
        tags=written.tags,
        language=draft.language,
        extras=besides,
    )


def as_usual(session: Session, author: Account, draft: Draft) -> Draft:
    """`draft` with what it leaves open as its author usually posts."""
    ((visibility, sensitive, language, locale, quote_policy),) = _USUAL.rows(session, author=author.id)
    return replace(
        draft,
        visibility=draft.visibility or visibility,
        sensitive=bool(sensitive) if draft.sensitive is None else draft.sensitive,
        language=draft.language or language or locale,
        quote_policy=draft.quote_policy or quote_policy,
    )


_member = Member.__table__.c
_USUAL = Prepared(
    lambda _dialect: select(
        _member.posting_visibility, _member.posting_sensitive, _member.posting_language, _member.locale,
        _member.quote_policy,
    ).where(_member.account_id == param("author"))
)  # fmt: skip


def spoken(draft: Draft) -> tuple[str, str]:
    """Words and warning: a warning before nothing is the words."""
    words, summary = draft.text, wording.line_of_warning(draft.summary)
    return (summary, "") if summary and not words.strip() and not draft.media_ids else (words, summary)


def check_length(words: str, summary: str) -> None:
    """Invalid("characters") for more than TEXT_MOST; addresses, which count for little, may not be endless either."""
    whole = len(words) + len(summary)
    if whole > wording.BODY_MOST or (whole > TEXT_MOST and markup.length(words) + len(summary) > TEXT_MOST):
        raise Invalid("characters", "文章が長すぎるようです。%(limit)s文字までに分けて書いてください。", limit=TEXT_MOST)


def strangers(session: Session, typed: str) -> list[str]:
    """The handles (`name@host`) in `typed` of whom nothing is known here yet: to be looked up before it is written."""
    wanted = [each for each in markup.handles(typed, homes=town.of(session).uris.homes) if each[1]]
    known = _accounts(session, wanted)
    return [f"{name}@{host}" for name, host in wanted if (name, host) not in known]


def accounts_in(session: Session, typed: str, *, by: int) -> dict[Handle, Account]:
    """Whom `typed` by the account `by` mentions, as far as they are known here, still speak and are not veiled from it."""
    wanted = markup.handles(typed, homes=town.of(session).uris.homes)
    found = _accounts(session, wanted)
    hidden = veils.among_these(session, sight.Viewer(by), [each.id for each in found.values()])
    return {handle: account for handle, account in found.items() if account.id not in hidden}


def render(session: Session, typed: str, known: dict[Handle, Account]) -> Written:
    """`typed` in its three forms, with everybody in `known` linked."""
    uris = town.of(session).uris
    return markup.render(typed, known=known, homes=uris.homes, tag_url=uris.tag)


def addressed_board(
    session: Session, typed: str, known: dict[Handle, Account], visibility: str
) -> tuple[Account, str] | None:
    """The board that `typed` begins with, and what follows; None if it asks nothing. A board of another town is not
    asked in private: the question would stay here.
    """
    found = markup.leading_handle(typed, homes=town.of(session).uris.homes)
    board = known.get(found[0]) if found is not None else None
    if found is None or board is None or board.kind != "board" or visibility == DIRECT:
        return None
    if board.local and (board.name == _TOWN_BOARD or session.get(Board, board.id) is None):
        return None
    return None if not board.local and visibility == FOLLOWERS else (board, found[1])


def title_and_body(typed: str) -> tuple[str, str]:
    """The first line that says something, and what comes after it."""
    title, _, body = typed.strip().partition("\n")
    return title.strip(), body.strip()


def _ask(
    session: Session,
    author: Account,
    draft: Draft,
    addressed: tuple[Account, str],
    *,
    known: dict[Handle, Account],
    besides: Extras,
) -> Post:
    board, said = addressed
    if draft.poll is not None:
        raise Invalid("poll", "質問には投票をつけられません。まちの質問は、ことばで答えてもらうものです。")
    title, body = title_and_body(said)
    distance.check(session, actor=author, target=board)
    written = render(session, body, known)
    labels = [*markup.tags_of(title), *written.tags]
    return questions.ask(
        session,
        author=author,
        board=board,
        title=title,
        body=written.body,
        visibility=TOWN if draft.visibility == FOLLOWERS else draft.visibility,
        tags=labels[: wording.TAGS_MOST],
        language=draft.language,
        mentions=[each for each in written.mentioned if each.id != board.id],
        extras=besides,
    )


def _parent(session: Session, author: Account, draft: Draft) -> Post | None:
    if draft.in_reply_to_id is None:
        return None
    try:
        found = sight.require(session, sight.viewer_of(session, author), draft.in_reply_to_id)
        if found.kind == "boost":
            found = sight.require(session, sight.viewer_of(session, author), found.boost_of_id or 0)
        distance.check(session, actor=author, target=session.get_one(Account, found.author_id))
    except (NotFound, NotAllowed) as error:
        raise Invalid("in_reply_to_id", "お返事の先が見つかりませんでした。") from error
    return found


def _quoted(session: Session, author: Account, draft: Draft) -> Post | None:
    if draft.quoted_id is None:
        return None
    try:
        found = sight.require(session, sight.viewer_of(session, author), draft.quoted_id)
    except NotFound as error:
        raise Invalid("quoted_unknown", "引用しようとした投稿は見つかりませんでした。") from error
    return quotes.check(session, author=author, quoted=found, visibility=draft.visibility or OPEN)


def _accounts(session: Session, wanted: Sequence[Handle]) -> dict[Handle, Account]:
    if not wanted:
        return {}
    rows = session.scalars(
        select(Account).where(
            Account.name.in_({name for name, _ in wanted}),
            Account.domain.in_({host for _, host in wanted}),
            Account.kind.in_(_SPEAKING),
            Account.deleted_at.is_(None),
            Account.suspended_at.is_(None),
        )
    )
    found = {(each.name, each.domain): each for each in rows}
    return {each: found[each] for each in wanted if each in found}
