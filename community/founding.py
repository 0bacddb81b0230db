"""What every town has from its first moment: its own actor, the relay だれかさん, the board まち, the twenty boards."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import ids, inserts, search, town
from community.models import LOCAL, Account, Board
from community.names import RESERVED
from community.taxonomy import BY_SLUG, CATEGORIES, Category

__all__ = ["RESERVED", "found", "instance_account", "relay", "steward", "town_board"]

RELAY = "dareka"
STEWARD = "town"
_STEWARD_SAYS = "カテゴリーを見ている人たちが、まちとして話すときの名前です。"
RELAY_SHOWN = "だれかさん"
_RELAY_SAYS = "名札を伏せて質問した人は、みんなこの名前で話します。"
TOWN_BOARD = "machi"


def found(session: Session) -> None:
    """Make what is missing; bring the names that come from the settings up to date. Safe to call at every start."""
    settings = town.of(session).settings.instance
    _actor(session, kind="instance", name=town.of(session).uris.host, shown=settings.name, locked=True)
    _actor(session, kind="relay", name=RELAY, shown=RELAY_SHOWN, summary=_RELAY_SAYS)
    _actor(session, kind="service", name=STEWARD, shown=f"{settings.name}の運営", locked=True, summary=_STEWARD_SAYS)
    machi = Category(TOWN_BOARD, settings.name, settings.name, "", "", "", ())
    for position, category in enumerate((machi, *CATEGORIES)):
        _board(session, category, position)


def instance_account(session: Session) -> Account:
    """The town's own actor (kind instance): it signs fetches and never writes posts."""
    return _local(session, "instance", town.of(session).uris.host)


def relay(session: Session) -> Account:
    """だれかさん of this town: the author that everybody sees of anonymous posts."""
    return _local(session, "relay", RELAY)


def steward(session: Session) -> Account:
    """The actor that looks after the boards towards other servers (kind service): a name for whoever keeps watch."""
    return _local(session, "service", STEWARD)


def town_board(session: Session) -> Account:
    """The board `machi`, which announces every open question of the town."""
    return _local(session, "board", TOWN_BOARD)


def _local(session: Session, kind: str, name: str) -> Account:
    return session.execute(
        select(Account).where(Account.kind == kind, Account.domain == LOCAL, Account.name == name)
    ).scalar_one()


def _actor(
    session: Session, *, kind: str, name: str, shown: str, locked: bool = False, summary: str = ""
) -> Account:
    now = town.now(session)
    uris = town.of(session).uris
    fresh = inserts.new_row(
        session,
        Account,
        id=ids.new(now),
        kind=kind,
        name=name,
        uri=uris.account(kind, name),
        url=uris.origin if kind == "instance" else uris.profile(name),
        display_name=shown,
        summary_source=summary,
        summary_html=f"<p>{summary}</p>" if summary else "",
        locked=locked,
        discoverable=kind == "board",
        created_at=now,
        updated_at=now,
    )
    account = _local(session, kind, name)
    renamed = name not in BY_SLUG and account.display_name != shown  # a category may bear another label here
    if renamed:
        account.display_name = shown
        account.updated_at = now
    if fresh or renamed:
        search.note_account(session, account.id)
    return account


def _board(session: Session, category: Category, position: int) -> None:
    account = _actor(
        session, kind="board", name=category.slug, shown=category.name, summary=category.description
    )
    inserts.new_row(
        session,
        Board,
        account_id=account.id,
        slug=category.slug,
        position=position,
        notice=category.notice,
        starter_tags=list(category.tags),
    )
