"""From what happened to what is said: one function per event, run in the transaction of the deed.

It speaks only for actors of this town. A deed of a remote one says nothing, except through a local board that passes it
on. Who hears what stands in docs/decisions/0006 and in the federation reference §1.
"""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity, events, ids, town
from community.models import Account, Post
from federation.models import OutboxItem
from federation.outbox import (
    addressing,
    boards,
    forgetting,
    forward,
    publish_accounts,
    publish_boosts,
    publish_gatherings,
    publish_moderation,
    publish_moves,
    publish_quotes,
    publish_reports,
    publish_sisters,
    publish_thanks,
    sayings,
    understanding,
)
from federation.outbox.addressing import Inbox
from federation.outbox.hearing import hearers
from federation.outbox.moments import moment, update_moment
from federation.vocabulary import activities, audience, render
from federation.vocabulary.audience import Audience, Company
from federation.vocabulary.times import iso

_TOWN_ONLY = "town"


class Rings(Protocol):
    """What `subscribe` needs of the federation: the bell of its delivery worker."""

    def wake_delivery(self) -> None: ...


def subscribe(bus: events.Bus, ctx: Rings) -> None:
    """Have every deed of this town that others should know of queued for them."""
    bus.subscribe(events.PostCreated, post_created)
    bus.subscribe(events.PostEdited, post_edited)
    bus.subscribe(events.PostDeleted, post_deleted)
    bus.subscribe(events.AnswerChosen, answer_chosen)
    bus.subscribe(events.AnswerUnchosen, answer_unchosen)
    bus.subscribe(events.QuoteRevoked, quote_changed)
    bus.subscribe(events.QuoteDecided, quote_changed)
    bus.subscribe(events.QuotePolicySet, quote_changed)
    bus.subscribe(events.GatheringChanged, gathering_changed)
    bus.subscribe(events.HostSuspended, lambda session, _: sayings.drop_refused(session))
    publish_thanks.subscribe(bus)
    publish_boosts.subscribe(bus)
    publish_quotes.subscribe(bus)
    publish_moves.subscribe(bus)
    publish_accounts.subscribe(bus)
    publish_reports.subscribe(bus)
    publish_sisters.subscribe(bus)
    publish_gatherings.subscribe(bus)
    publish_moderation.subscribe(bus)
    forward.subscribe(bus)
    ring = ctx.wake_delivery
    bus.subscribe(sayings.Queued, lambda session, _: events.after_commit(session, ring))


def post_created(session: Session, event: events.PostCreated) -> None:
    post = session.get_one(Post, event.post_id)
    if post.visibility == _TOWN_ONLY or post.deleted_at is not None:
        return
    if not post.local and post.board_id is None and post.parent_id is None:
        return  # somebody's note of elsewhere, of which nobody here has anything to say
    around = audience.company(session, post)
    activity = boards.received(session, ("Create",), post.uri)
    if around.author.local:
        heard = audience.of_post(session, post, around)
        activity = activities.create(
            _new_uri(session), around.author, render.note(session, post, around), now=post.created_at, heard=heard
        )
        sayings.say(
            session, around.author, activity, hearers(session, post, around),
            about=post.uri, at=post.created_at, post=post, public=post.visibility == "open",
        )  # fmt: skip
    boards.pass_on(session, post, around, activity)
    if post.kind in ("question", "flag"):
        boards.recommend(session, post, around)


def post_edited(session: Session, event: events.PostEdited) -> None:
    post = session.get_one(Post, event.post_id)
    if post.visibility == _TOWN_ONLY or post.deleted_at is not None:
        return
    _say_update(session, post, audience.company(session, post))


def gathering_changed(session: Session, event: events.GatheringChanged) -> None:
    """A flag is おひらき, or stands again: the whole post anew."""
    post = session.get_one(Post, event.post_id)
    if post.deleted_at is None and post.visibility != _TOWN_ONLY:
        _say_update(session, post, audience.company(session, post))


def quote_changed(
    session: Session, event: events.QuoteRevoked | events.QuoteDecided | events.QuotePolicySet
) -> None:
    """What a post of ours quotes, or who may quote it, is another now: the whole post anew."""
    post = session.get_one(Post, event.post_id)
    if post.local and post.deleted_at is None and post.visibility != _TOWN_ONLY:
        _say_update(session, post, audience.company(session, post))


def _say_update(session: Session, post: Post, around: Company) -> None:
    """The whole object anew, to everyone who has it."""
    if not around.author.local:
        boards.pass_on(session, post, around, boards.received(session, ("Update",), post.uri))
        return
    at = update_moment(session, post)
    note = render.note(session, post, around) | {"updated": iso(at)}
    heard = audience.of_post(session, post, around)
    activity = activities.update(_new_uri(session), around.author, note, now=at, heard=heard)
    sayings.say(
        session, around.author, activity, _holders(session, post, around), about=post.uri, at=at, post=post
    )
    boards.pass_on(session, post, around, activity)


def post_deleted(session: Session, event: events.PostDeleted) -> None:
    post = session.get_one(Post, event.post_id)
    if post.visibility == _TOWN_ONLY:
        return
    around = audience.company(session, post)
    activity = boards.received(session, ("Delete",), post.uri)
    holders = [*_holders(session, post, around), *addressing.of_accounts(session, _repliers(session, post))]
    if _is_anywhere(session, post):
        told = {each.host for each in holders}
        holders += [each for each in addressing.everywhere(session) if each.host not in told]
    sayings.drop_words(session, post)
    if around.author.local:
        now = town.now(session)
        heard = audience.of_post(session, post, around)
        activity = activities.delete(
            _new_uri(session),
            around.author,
            render.tombstone(post),
            now=moment(around.author, now),
            heard=heard,
        )
        sayings.say(session, around.author, activity, holders, about=post.uri, at=now, post=post)
    boards.pass_on(session, post, around, activity)


def answer_chosen(session: Session, event: events.AnswerChosen) -> None:
    """解決: ChooseAnswer to those who know the word, and the question anew to everyone (§1.4)."""
    question = session.get_one(Post, event.question_id)
    answer = session.get_one(Post, event.answer_id)
    if question.visibility == _TOWN_ONLY:
        return
    around = audience.company(session, question)
    choice = boards.received(session, ("ChooseAnswer",))
    if around.author.local:
        helper = anonymity.public_author(session, answer)
        heard = _choice_audience(session, question, around, helper)
        now = town.now(session)
        choice = activities.choose_answer(
            _new_uri(session), around.author,
            question_uri=question.uri, answer_uri=answer.uri, now=moment(around.author, now), heard=heard,
        )  # fmt: skip
        sayings.say(
            session, around.author, choice, _choice_hearers(session, question, around, helper),
            about=_choice_key(question, answer), at=now, post=question,
        )  # fmt: skip
    boards.pass_on(session, question, around, choice, without_software=understanding.REFUSES_CHOOSE_ANSWER)
    _say_update(session, question, around)


def answer_unchosen(session: Session, event: events.AnswerUnchosen) -> None:
    question = session.get_one(Post, event.question_id)
    answer = session.get_one(Post, event.answer_id)
    if question.visibility == _TOWN_ONLY:
        return
    around = audience.company(session, question)
    undone = boards.received(session, ("Undo",))
    if around.author.local and (choice := _last_choice(session, question, answer)) is not None:
        helper = anonymity.public_author(session, answer)
        heard = _choice_audience(session, question, around, helper)
        now = town.now(session)
        undone = activities.undo(
            _new_uri(session),
            around.author,
            sayings.document(choice),
            now=moment(around.author, now),
            heard=heard,
        )
        sayings.say(
            session, around.author, undone, _choice_hearers(session, question, around, helper),
            about=undone["object"]["id"], at=now, post=question,
        )  # fmt: skip
    boards.pass_on(session, question, around, undone, without_software=understanding.REFUSES_CHOOSE_ANSWER)
    _say_update(session, question, around)


def _choice_key(question: Post, answer: Post) -> str:
    """By what an Undo finds the ChooseAnswer again; no object has this id."""
    return f"{question.uri} {answer.uri}"


def _last_choice(session: Session, question: Post, answer: Post) -> OutboxItem | None:
    return session.scalar(
        select(OutboxItem)
        .where(OutboxItem.object_uri == _choice_key(question, answer), OutboxItem.type == "ChooseAnswer")
        .order_by(OutboxItem.id.desc())
        .limit(1)
    )


def _choice_audience(session: Session, question: Post, around: Company, helper: Account) -> Audience:
    whole = audience.of_post(session, question, around)
    first = [uri for uri in whole.to if uri != whole.board]
    named = [] if helper.id == around.author.id else [helper.uri]
    return Audience(
        tuple(dict.fromkeys([*first, *named])), (whole.board,) if whole.board else (), whole.board
    )


def _choice_hearers(session: Session, question: Post, around: Company, helper: Account) -> list[Inbox]:
    told = addressing.of_accounts(
        session, (helper, around.board), without_software=understanding.REFUSES_CHOOSE_ANSWER
    )
    sisters = addressing.sisters(session)
    if question.visibility == "sister":
        circle = {each.host for each in sisters}
        return [*sisters, *(each for each in told if each.host in circle)]
    return [*told, *(sisters if question.visibility == "open" else [])]


def _holders(session: Session, post: Post, around: Company) -> Iterable[Inbox]:
    """Who was told of the post before, and who would be told now."""
    return [*hearers(session, post, around), *addressing.reached(session, post.uri)]


def _is_anywhere(session: Session, post: Post) -> bool:
    """Whether it is not known any more who holds a post of ours that everybody may."""
    return (
        post.local
        and post.visibility in ("open", "unlisted")
        and forgetting.is_forgotten(post.id, town.now(session))
    )


def _repliers(session: Session, post: Post) -> list[Account]:
    replies = session.scalars(select(Post).where(Post.parent_id == post.id)).all()
    return list(anonymity.public_authors(session, replies).values())


def _new_uri(session: Session) -> str:
    return town.of(session).uris.activity(ids.new(town.now(session)))
