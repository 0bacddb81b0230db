"""For tests of services: one open unit of work in a founded town, on each engine at hand."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from community import events, founding
from community import town as towns
from community.storage import postgresql, sqlite
from community.storage.prepared import Prepared
from community.town import Town


@pytest.fixture
def session(town: Town, database_url: str, engine: str) -> Iterator[Session]:
    """A session whose work is thrown away at the end of the test."""
    url = make_url(database_url)
    opened = sqlite.make_engine(database_url) if engine == "sqlite" else postgresql.make_engine(url)
    with Session(opened) as unit:
        towns.attach(unit, town)
        founding.found(unit)
        yield unit
        unit.rollback()
    opened.dispose()


@pytest.fixture
def queries(session: Session, engine: str, monkeypatch: pytest.MonkeyPatch):
    """Counts the statements that the session sends while the block runs: `with queries() as sent: …; len(sent)`.

    On SQLite those that are made once go past SQLAlchemy, and are counted on their own way.
    """
    execute = Prepared._execute

    class Counting:
        def __enter__(self) -> list[str]:
            self.sent: list[str] = []
            session.flush()
            session.expire_all()
            event.listen(session.get_bind(), "before_cursor_execute", self._note)
            if engine == "sqlite":
                monkeypatch.setattr(Prepared, "_execute", self._prepared)
            return self.sent

        def __exit__(self, *_: object) -> None:
            event.remove(session.get_bind(), "before_cursor_execute", self._note)
            monkeypatch.setattr(Prepared, "_execute", execute)

        @property
        def _prepared(self):
            sent = self.sent

            def noted(statement: Prepared, unit: Session, params: dict[str, object]) -> object:
                cursor = execute(statement, unit, params)
                sent.append(statement._compiled[engine].sql)
                return cursor

            return noted

        def _note(self, _connection, _cursor, statement, *_: object) -> None:
            self.sent.append(statement)

    return Counting


@pytest.fixture
def told(session: Session):
    """The events recorded since the last call; of notices (`notifications.tell`) only with `notices=True`."""

    def take(*, notices: bool = False) -> list[object]:
        recorded = session.info.pop("machi.events", [])
        return [it for it in recorded if notices or not isinstance(it, events.Notified)]

    return take
