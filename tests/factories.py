"""Real rows for tests, made by the services themselves. Every function takes the session of a unit of work:

    hanako = database.write_now(lambda session: factories.member(session, "hanako").id)

Rows do not outlive their unit: carry ids over to the next one, or build a whole scene in one.
"""

from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import (
    anonymity,
    answers,
    boards,
    founding,
    gatherings,
    ids,
    members,
    posts,
    questions,
    text,
    thanks,
    town,
    visibility,
)
from community.models import LOCAL, Account, AnonymousDraft, Member, Post, SisterTown, Thanks, Veil
from community.plans import Plan
from federation.models import RemoteActor

PASSPHRASE = "みなとの朝はパンがおいしい"
"""Of every member made here."""


@cache
def passphrase_hash() -> str:
    """A true argon2id hash of PASSPHRASE, but a cheap one: logging in works, and tests stay quick."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSPHRASE)


def member(
    session: Session,
    name: str = "hanako",
    *,
    nickname: str | None = None,
    role: str = "member",
    strengths: Sequence[str] = (),
    locked: bool = False,
    email: str | None = None,
) -> Account:
    """An active member of this town, founded if it was not yet."""
    _found(session)
    joined = members.join(
        session,
        name=name,
        nickname=nickname or name,
        passphrase_hash=passphrase_hash(),
        email=email,
        by_operator=True,
        role=role,
    )
    members.update_profile(session, account_id=joined.account.id, strengths=strengths, locked=locked)
    return joined.account


def viewer(session: Session, account: Account | int) -> visibility.Viewer:
    """A member as somebody who looks."""
    account_id = account if isinstance(account, int) else account.id
    return visibility.Viewer(account_id, role=session.get_one(Member, account_id).role)


def remote(
    session: Session,
    name: str = "taro",
    domain: str = "yamate.example",
    *,
    kind: str = "person",
    shared_inbox: bool = True,
    key_id: str | None = None,
    public_key_pem: str | None = None,
    origin: str | None = None,
) -> Account:
    """An account of another server, with the addresses at which it receives. `origin` defaults to https://domain."""
    _found(session)
    now = town.now(session)
    home = origin or f"https://{domain}"
    uri = f"{home}/{'boards' if kind == 'board' else 'users'}/{name}"
    account = Account(
        id=ids.new(now),
        kind=kind,
        name=name,
        domain=domain,
        uri=uri,
        url=f"{home}/@{name}",
        display_name=name,
        created_at=now,
        updated_at=now,
    )
    session.add(account)
    session.flush()
    session.add(
        RemoteActor(
            account_id=account.id,
            host=home.partition("://")[2],
            inbox=f"{uri}/inbox",
            shared_inbox=f"{home}/inbox" if shared_inbox else None,
            outbox=f"{uri}/outbox",
            followers=f"{uri}/followers",
            key_id=key_id or f"{uri}#main-key",
            public_key_pem=public_key_pem,
            fetched_at=now,
        )
    )
    session.flush()
    return account


def sister(session: Session, domain: str = "yamate.example") -> None:
    """Name `domain` as 姉妹まち."""
    session.add(SisterTown(domain=domain, created_at=town.now(session)))
    session.flush()


def board(session: Session, slug: str = "roumu") -> Account:
    """One of the town's boards."""
    _found(session)
    return boards.by_slug(session, slug).account


def origin(
    uri: str = "https://yamate.example/posts/1",
    *,
    published: int = 1_775_000_000_000,
    anonymous: bool = False,
    from_asker: bool = False,
) -> posts.Origin:
    """Where a remote post comes from."""
    return posts.Origin(
        uri=uri,
        url=uri,
        published=published,
        updated=None,
        context_uri=None,
        language="ja",
        summary="",
        sensitive=False,
        sample=False,
        anonymous=anonymous,
        from_asker=from_asker,
    )


def question(
    session: Session,
    author: Account,
    *,
    title: str = "月の途中で入社した人の社会保険料は？",
    body: str = "日割りになるのか、まるまる1か月分なのかがわかりません。",
    slug: str = "roumu",
    visibility: str = "open",
    tags: Sequence[str] = (),
) -> Post:
    """A question in one of the town's boards."""
    return questions.ask(
        session,
        author=author,
        board=board(session, slug),
        title=title,
        body=text.from_markdown(body),
        visibility=visibility,
        tags=tags,
    )


def flag(
    session: Session,
    author: Account,
    *,
    title: str = "BCPを1枚で書く90分",
    body: str = "A4・1枚を書きあげて帰ります。",
    slug: str = "bosai",
    visibility: str = "open",
    plan: Plan | None = None,
    tags: Sequence[str] = (),
) -> Post:
    """A 旗 for tomorrow at this hour, with three places, unless `plan` says otherwise."""
    tomorrow = town.now(session) + 24 * 3_600_000
    return gatherings.hoist(
        session, author=author, board=board(session, slug), title=title, body=text.from_markdown(body),
        plan=plan or Plan("作業会", tomorrow, 90, "みなと公民館", 3, listening=True),
        visibility=visibility, tags=tags,
    )  # fmt: skip


def veil(session: Session, one: Account, other: Account) -> None:
    """Make two members colleagues who are veiled from each other."""
    for me, them in ((one, other), (other, one)):
        session.add(Veil(account_id=me.id, other_id=them.id))
    session.flush()


def anonymous_question(
    session: Session,
    asker: Account,
    *,
    title: str = "前任者の給与計算のまちがいを見つけました",
    body: str = "だれに、どう伝えるのがよいでしょうか。",
    phrase: str = "あさひ いちご うさぎ えんぴつ",
    slug: str = "kyuyo",
    visibility: str = "open",
) -> Post:
    """A question asked with the name tag hidden, released at once."""
    draft_key = f"{ids.new(town.now(session)):032x}"
    anonymity.draft(
        session,
        member_id=asker.id,
        board=board(session, slug),
        title=title,
        body=text.from_markdown(body),
        visibility=visibility,
        tags=(),
        phrase=phrase,
        draft_key=draft_key,
    )
    session.execute(
        update(AnonymousDraft)
        .where(AnonymousDraft.draft_key == draft_key)
        .values(release_at=town.now(session))
    )
    known = set(session.scalars(select(Post.id)))
    anonymity.release_due(session)
    return session.scalars(select(Post).where(Post.id.not_in(known), Post.anonymous.is_(True))).one()


def answer(
    session: Session, author: Account, question: Post, *, body: str = "日割りにはならず、1か月分かかります。"
) -> Post:
    """An answer; said to an answer, a comment."""
    return answers.reply(session, author=author, parent=question, body=text.from_markdown(body))


def thank(
    session: Session, giver: Account, answer: Post, *, words: str | None = None, private: bool = False
) -> Thanks:
    """ありがとう for an answer, with or without words."""
    message = None if words is None else text.from_markdown(words)
    return thanks.give(session, giver=giver, answer=answer, message=message, private=private)


def local(session: Session, name: str) -> Account:
    """The account of this town that goes by `name`."""
    return session.scalars(select(Account).where(Account.domain == LOCAL, Account.name == name)).one()


def _found(session: Session) -> None:
    if (
        session.scalars(select(Account.id).where(Account.kind == "relay", Account.domain == LOCAL)).first()
        is None
    ):
        founding.found(session)
