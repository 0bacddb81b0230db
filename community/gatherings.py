"""旗: somebody raises one, others gather. Raising, rewording, おひらき; who gathers is `community.joins`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from community import events, notifications, plans, posts, questions, text, town
from community import tags as tag_rows
from community import wording as rules
from community.errors import NotAllowed, NotFound
from community.models import LOCAL, Account, Gathering, Join, Post
from community.plans import Plan, Told
from community.posts import Origin
from community.questions import Wording
from community.text import Body
from community.visibility import OPEN

KIND = "flag"
_NOT_HERE = "この旗は見つかりませんでした。取り下げられたようです。"


def hoist(
    session: Session,
    *,
    author: Account,
    board: Account | None,
    title: str,
    body: Body,
    plan: Plan,
    visibility: str | None = None,
    tags: Sequence[str] = (),
    language: str | None = "ja",
    origin: Origin | None = None,
    told: Told | None = None,
) -> Post:
    """旗を立てる: a post of the kind `flag`, and beside it the row of its `plan`.

    With `origin` it stands in another town, which says in `told` how many gather; one that is known comes back as it is.
    Without `visibility` it is what the author's questions have. Invalid names the field of a local one that does not
    fit; NotAllowed if the author may no longer write.
    """
    known = posts.known(session, origin)
    if known is not None:
        return known
    if origin is None:
        posts.check_author(author)
        visibility = visibility or questions.default_visibility(session, author)
        kept = questions.check(board=board, title=title, body=body, visibility=visibility, tags=tags)
        kept, plan = replace(kept, language=language), plans.check(plan, now=town.now(session))
    else:
        shown = text.line(title)[: rules.FOREIGN_TITLE_MOST]
        kept = Wording(shown, body, visibility or OPEN, rules.foreign_tags(tags))
        plan = plans.foreign(plan)
    post = kept.post(KIND, board=board, anonymous=origin is not None and origin.anonymous)
    posts.store(session, post, author=author, origin=origin)
    tag_rows.put(session, post, kept.tags, fresh=True)
    _keep(session, post, plan, told or Told())
    posts.announce(session, post)
    return post


def edit(
    session: Session,
    *,
    post: Post,
    by: Account,
    title: str,
    body: Body,
    plan: Plan,
    tags: Sequence[str] | None,
    edited_at: int | None = None,
    told: Told | None = None,
) -> Post:
    """Reword a flag or move it; what it said stays as a Revision, and those who gather are told.

    `edited_at` (milliseconds) and `told` are what its own town says. Raises as `posts.edit`; Invalid also for a plan.
    """
    posts.check_editor(post, by)
    gathering = of(session, post)
    if edited_at is None:
        title, body = rules.title(title), rules.fits(body)
        labels = None if tags is None else rules.tags(tags)
        plan = plans.check(plan, now=town.now(session), before=plans.of(gathering))
    elif posts.is_stale(post, edited_at):
        return post
    else:
        title, plan = text.line(title)[: rules.FOREIGN_TITLE_MOST], plans.foreign(plan)
        labels = None if tags is None else rules.foreign_tags(tags)
    moved = plan != plans.of(gathering)
    relabelled = labels is not None and labels != tag_rows.labels_of(session, post)
    words = {"title": title, "body_source": body.source, "body_html": body.html, "body_text": body.text}
    changed = posts.change(session, post, dict(words), edited_at, anyway=moved or relabelled)
    if relabelled and labels is not None:
        tag_rows.put(session, post, labels)
    if moved:
        _set(session, post, gathering, plan.facts())
    if changed:
        posts.told_of_edit(session, post)
    if told is not None:
        heed(session, post, told)
    return post


def close(session: Session, *, flag: Post, by: Account) -> None:
    """おひらき: nobody gathers any more, and those who did are told. Again changes nothing. NotAllowed unless `by` raised it."""
    _decide(session, flag, by, closed_at=town.now(session))


def reopen(session: Session, *, flag: Post, by: Account) -> None:
    """Let a flag that was おひらき stand again. NotAllowed unless `by` raised it."""
    _decide(session, flag, by, closed_at=None)


def heed(session: Session, flag: Post, told: Told) -> bool:
    """Take over what the town of a foreign flag says of it; whether anything changed."""
    gathering = of(session, flag)
    changed = (told.closed != (gathering.closed_at is not None)) and _close(
        session, flag, gathering, town.now(session) if told.closed else None
    )
    facts = {"joined_count": plans.counted(told.joined_count), "joined_uri": told.joined_uri}
    return _set(session, flag, gathering, facts) or changed


def of(session: Session, flag: Post) -> Gathering:
    """When, where, how many. NotFound for what is no flag, or was taken back."""
    gathering = session.get(Gathering, flag.id) if flag.kind == KIND and flag.deleted_at is None else None
    if gathering is None:
        raise NotFound(_NOT_HERE)
    return gathering


def is_raised_by(flag: Post, account_id: int | None) -> bool:
    """Whether the account raised `flag`; nobody in particular raised none."""
    return account_id is not None and flag.author_id == account_id


def touch(session: Session, flag: Post) -> None:
    """What is shown of `flag` beside its words changed: renderings that are kept do not hold any more."""
    posts.adjust(flag, touched=1)
    session.flush()


def _decide(session: Session, flag: Post, by: Account, *, closed_at: int | None) -> None:
    gathering = of(session, flag)
    if flag.author_id != by.id:
        raise NotAllowed("おひらきを決められるのは、旗を立てたご本人だけです。")
    if (closed_at is None) == (gathering.closed_at is None):
        return
    _close(session, flag, gathering, closed_at)
    events.record(session, events.GatheringChanged(flag.id))


def _close(session: Session, flag: Post, gathering: Gathering, closed_at: int | None) -> bool:
    _set(session, flag, gathering, {"closed_at": closed_at})
    if closed_at is not None:
        author = session.get_one(Account, flag.author_id)
        for each in session.scalars(_neighbours(flag)).all():
            notifications.tell(session, to=each, kind="flag_closed", actor=author, post=flag)
    return True


def _neighbours(flag: Post) -> Select[Account]:
    """Who gathers and lives here."""
    joined = select(Join.account_id).where(Join.post_id == flag.id)
    return select(Account).where(Account.id.in_(joined), Account.domain == LOCAL).order_by(Account.id)


def _keep(session: Session, post: Post, plan: Plan, told: Told) -> None:
    session.add(
        Gathering(
            post_id=post.id,
            **plan.facts(),
            closed_at=town.now(session) if told.closed else None,
            joined_count=plans.counted(told.joined_count),
            joined_uri=told.joined_uri,
        )
    )
    session.flush()


def _set(session: Session, flag: Post, gathering: Gathering, facts: Mapping[str, object]) -> bool:
    changed = {name: value for name, value in facts.items() if getattr(gathering, name) != value}
    for name, value in changed.items():
        setattr(gathering, name, value)
    if changed:
        touch(session, flag)
    return bool(changed)
