"""`machi keys rotate`."""

from sqlalchemy import select

from community import config, founding
from community.db import open_database
from community.events import Bus
from community.keyfiles import KeyFiles
from community.models import Account
from community.town import Town
from federation.models import ActorKey, OutboxItem
from federation.own_keys import _store
from federation.seals import make_rsa
from tests.webui.test_cli import PASSPHRASE, machi, one_line, read, settings

__all__ = ["machi", "settings"]


def give_keys(session) -> dict[str, str]:
    """Keys for Hanako and the town itself, as if somebody had asked for them; their public halves by name."""
    founding.found(session)
    for account in session.scalars(select(Account).where(Account.name.in_(("hanako", "minato.example")))):
        _store(session, account.id, make_rsa())
    return dict(
        session.execute(
            select(Account.name, ActorKey.public_pem).join(Account, Account.id == ActorKey.account_id)
        ).all()
    )


def write(path, unit):
    found = config.load(path)
    database = open_database(Town(found, KeyFiles.load(found.keys_dir)), Bus())
    try:
        return database.write_now(unit)
    finally:
        database.close_now()


def said(session) -> list[str]:
    query = (
        select(Account.name)
        .join(OutboxItem, OutboxItem.account_id == Account.id)
        .where(OutboxItem.type == "Update")
    )
    return sorted(session.scalars(query))


def now(session) -> dict[str, tuple[str, str | None]]:
    rows = session.execute(
        select(Account.name, ActorKey.public_pem, ActorKey.old_public_pem).join(
            Account, Account.id == ActorKey.account_id
        )
    )
    return {name: (new, old) for name, new, old in rows}


def test_one_or_everybody(machi, settings):
    machi("member", "add", "hanako", "--password-stdin", "--config", settings, stdin=f"{PASSPHRASE}\n")
    before = write(settings, give_keys)
    assert set(before) == {"hanako", "minato.example"}

    result = machi("keys", "rotate", "@Hanako", "--config", settings)
    assert result.status == 0
    assert "New keys: 1." in result.out
    kept = read(settings, now)
    assert kept["hanako"][1] == before["hanako"]
    assert kept["hanako"][0] != before["hanako"]
    assert kept["minato.example"] == (before["minato.example"], None)
    assert read(settings, said) == ["hanako"]

    assert machi("keys", "rotate", "actor", "--config", settings).status == 0
    assert read(settings, now)["minato.example"][1] == before["minato.example"]
    result = machi("keys", "rotate", "--all", "--config", settings)
    assert "New keys: 2." in result.out
    assert read(settings, said) == ["hanako", "hanako", "minato.example", "minato.example"]


def test_wrong_use(machi, settings):
    for arguments in ((), ("hanako", "--all")):
        result = machi("keys", "rotate", *arguments, "--config", settings)
        assert result.status == 2
        assert "--all" in one_line(result)
    assert machi("keys", "rotate", "nobody", "--config", settings).status == 1
