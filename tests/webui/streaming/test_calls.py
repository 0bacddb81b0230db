"""Between processes over PostgreSQL: the connection that hears is made again when it is lost."""

import psycopg
from sqlalchemy.engine import make_url

from tests.webui.streaming.conftest import Start, until
from tests.webui.streaming.test_exchange import ask

ENGINES = ["postgresql"]
ON_EVERY_ENGINE = True


async def test_a_lost_connection_to_the_database_is_made_again(start: Start) -> None:
    one, other = await start(), await start()
    hanako = await one.member("hanako")
    ear = await other.ear(hanako, "user")
    url = make_url(one.app_settings.database.url)
    with psycopg.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database, autocommit=True
    ) as connection:

        def listening() -> int:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'machi listening'"
            ).fetchone()
            assert row is not None
            return int(row[0])

        assert listening() == 2
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'machi listening'"
        )
        await until(lambda: listening() == 2)
    # The connection stands before it listens: ask until one is heard.
    asked = []
    while ear.socket._reader is not None and not ear.socket._reader._buffer and len(asked) < 200:
        asked.append(str(await ask(one, hanako)))
    assert (await ear.event())[2]["id"] in asked
