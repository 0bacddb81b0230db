import base64
import hashlib

import pytest
from sqlalchemy import select

from community import apps, doors, events, members, redirect_uris
from community.errors import Invalid, NotFound
from community.models import AccessGrant, AccessToken, App
from community.redirect_uris import OUT_OF_BAND
from tests import factories
from tests.towns import make_town

HOME = "https://elk.example/api/minato.example/oauth/https%3A%2F%2Felk.example"
OFFLINE = "offline_access"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def challenge(verifier=VERIFIER):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def registered(database):
    """The id of an app, and of a member who may let it in."""

    def unit(session):
        app, _ = apps.register(
            session, name="Elk", uris=[HOME, OUT_OF_BAND], scopes=["read", "write", OFFLINE]
        )
        return app.id, factories.member(session).id

    return database.write_now(unit)


def consent(database, registered, **more):
    app_id, account_id = registered
    facts = {"redirect_uri": HOME, "scopes": ("read", "write")} | more
    return database.write_now(
        lambda session: apps.consent(session, app_id=app_id, account_id=account_id, **facts)
    )


def redeem(database, app_id, code, *, redirect_uri=HOME, verifier=None):
    return database.write_now(
        lambda session: apps.redeem(
            session,
            app=session.get_one(App, app_id),
            code=code,
            redirect_uri=redirect_uri,
            verifier=verifier,
            renewable=OFFLINE,
        )
    )


def holder(database, token):
    return database.read_now(lambda session: doors.viewer_of_token(session, token))


@pytest.mark.parametrize(
    "uri",
    [
        OUT_OF_BAND,
        HOME,
        "oauth2redirect://com.keylesspalace.tusky/",
        "com.tapbots.Ivory.12345:/request_token",
        "icecubesapp://",
        "http://localhost:4000/callback",
        "http://127.0.0.1/",
        "http://[::1]:8080/x?y=z",
    ],
)
def test_an_app_may_be_led_back_to(uri):
    redirect_uris.check([uri], http_anywhere=False)


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,hello",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://elk.example/1",
        "urn:ietf:wg:oauth:2.0:oob:auto",
        "/relative",
        "elk.example/callback",
        "https://",
        "https:///path",
        "https://user@elk.example/",
        "https://elk.example/#fragment",
        "https://elk.example;script-src/",
        "https://elk*.example/",
        "http://elk.example/callback",
        "http://127.0.0.1.evil.example/",
        "https://elk.example/ä",
    ],
)
def test_an_app_may_not_be_led_back_to(uri):
    with pytest.raises(Invalid) as refused:
        redirect_uris.check([HOME, uri], http_anywhere=False)
    assert refused.value.field == "redirect_uris"


def test_plain_http_leads_anywhere_from_a_town_that_speaks_it(database_url):
    redirect_uris.check(["http://elk.example/callback"], http_anywhere=True)
    assert make_town(database_url).settings.instance.scheme == "https"


def test_what_a_policy_calls_the_places():
    assert redirect_uris.source(HOME) == "https://elk.example"
    assert redirect_uris.source("http://[::1]:8080/x") == "http://[::1]:8080"
    assert redirect_uris.source("com.tapbots.Ivory.12345:/request_token") == "com.tapbots.ivory.12345:"
    assert redirect_uris.source(OUT_OF_BAND) is None


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": " \u200b"}, "client_name"),
        ({"name": "あ" * 61}, "client_name"),
        ({"uris": []}, "redirect_uris"),
        ({"uris": ["https://elk.example/" + "x" * 2000]}, "redirect_uris"),
        ({"website": "javascript:alert(1)"}, "website"),
    ],
)
def test_registering_says_what_does_not_fit(database, facts, field):
    with pytest.raises(Invalid) as refused:
        database.write_now(
            lambda session: apps.register(
                session, **({"name": "Elk", "uris": [HOME], "scopes": ["read"]} | facts)
            )
        )
    assert refused.value.field == field


def test_an_app_is_known_by_its_secret_which_is_stored_nowhere(database):
    def unit(session):
        app, secret = apps.register(session, name="Elk", uris=[HOME], scopes=["read"])
        return app.client_id, secret

    client_id, secret = database.write_now(unit)

    def look(session):
        row = session.scalars(select(App)).one()
        assert secret not in str(vars(row))
        return (
            apps.authenticate(session, client_id, secret) is row,
            apps.authenticate(session, client_id, secret + "x"),
            apps.authenticate(session, "nobody", secret),
        )

    assert database.read_now(look) == (True, None, None)


def test_a_code_gives_a_token_that_speaks_for_the_member(database, registered):
    code = consent(database, registered)
    issued = redeem(database, registered[0], code)
    assert (issued.scopes, issued.refresh_token, issued.expires_in) == ("read write", None, None)
    found = holder(database, issued.token)
    assert (found.viewer.account_id, found.app_id, found.client_name) == (registered[1], registered[0], "Elk")
    assert found.scopes == {"read", "write"}

    def secrets_in_rows(session):
        rows = [*session.scalars(select(AccessGrant)), *session.scalars(select(AccessToken))]
        return [row for row in rows if code in str(vars(row)) or issued.token in str(vars(row))]

    assert database.read_now(secrets_in_rows) == []


def test_a_code_shown_twice_ends_the_token_it_gave(database, registered):
    code = consent(database, registered)
    issued = redeem(database, registered[0], code)
    assert redeem(database, registered[0], code) is None
    assert holder(database, issued.token) is None


def test_a_code_is_for_one_app_one_redirect_and_ten_minutes(database, registered, clock):
    def unit(session):
        return apps.register(session, name="Other", uris=[HOME], scopes=["read"])[0].id

    other = database.write_now(unit)
    code = consent(database, registered)
    assert redeem(database, other, code) is None
    assert redeem(database, registered[0], code, redirect_uri=HOME + "/") is None
    assert redeem(database, registered[0], code, redirect_uri=OUT_OF_BAND) is None
    assert redeem(database, registered[0], "no code") is None
    clock.advance(minutes=9)
    assert redeem(database, registered[0], code) is not None  # what did not fit has not spent it
    late = consent(database, registered)
    clock.advance(minutes=10)
    assert redeem(database, registered[0], late) is None


def test_codes_that_are_long_over_are_forgotten(database, registered, clock):
    consent(database, registered)
    clock.advance(days=2)
    consent(database, registered)
    assert len(database.read_now(lambda session: session.scalars(select(AccessGrant)).all())) == 1


def test_a_challenge_makes_its_verifier_a_condition(database, registered):
    app_id = registered[0]
    code = consent(database, registered, challenge=challenge())
    assert redeem(database, app_id, code) is None
    assert redeem(database, app_id, code, verifier="x" * 43) is None
    assert redeem(database, app_id, code, verifier=challenge()) is None  # as `plain` would have it
    assert redeem(database, app_id, code, verifier=VERIFIER) is not None
    short = consent(database, registered, challenge=challenge("short"))
    assert redeem(database, app_id, short, verifier="short") is None
    without = consent(database, registered)
    assert redeem(database, app_id, without, verifier=VERIFIER) is None  # somebody took the challenge out


def renew(database, app_id, refresh_token):
    return database.write_now(
        lambda session: apps.renew(session, app=session.get_one(App, app_id), refresh_token=refresh_token)
    )


def test_a_token_that_ends_is_renewed_and_its_forerunners_are_over(database, registered, clock):
    app_id = registered[0]
    first = redeem(database, app_id, consent(database, registered, scopes=("read", OFFLINE)))
    assert first.expires_in == 7200
    clock.advance(hours=2)
    assert holder(database, first.token) is None
    second = renew(database, app_id, first.refresh_token)
    assert second.scopes == f"read {OFFLINE}"
    assert holder(database, second.token).viewer.account_id == registered[1]
    clock.advance(minutes=1)
    third = renew(database, app_id, second.refresh_token)
    assert holder(database, second.token) is None
    assert holder(database, third.token) is not None


def test_a_refresh_token_used_twice_ends_the_access(database, registered):
    app_id = registered[0]
    first = redeem(database, app_id, consent(database, registered, scopes=("read", OFFLINE)))
    second = renew(database, app_id, first.refresh_token)
    third = renew(database, app_id, second.refresh_token)
    assert renew(database, app_id, first.refresh_token) is None  # however long ago it was
    assert holder(database, third.token) is None
    assert renew(database, app_id, third.refresh_token) is None


def test_a_refresh_token_of_another_app_or_of_nobody_does_nothing(database, registered):
    app_id = registered[0]
    first = redeem(database, app_id, consent(database, registered, scopes=("read", OFFLINE)))
    other = database.write_now(
        lambda session: apps.register(session, name="Other", uris=[HOME], scopes=["read"])[0].id
    )
    assert renew(database, other, first.refresh_token) is None
    assert renew(database, app_id, "x.y") is None
    assert renew(database, app_id, "") is None
    assert holder(database, first.token) is not None


def test_an_app_by_itself_speaks_for_nobody(database, registered):
    issued = database.write_now(
        lambda session: apps.issue_to_app(session, app=session.get_one(App, registered[0]), scopes=["read"])
    )
    found = holder(database, issued.token)
    assert (found.viewer.account_id, found.app_id, found.state) == (None, registered[0], "active")


def test_an_app_takes_back_its_own_tokens_alone(database, registered, bus):
    ended = []
    bus.subscribe(events.AccessEnded, lambda session, event: ended.extend(event.token_ids))
    app_id = registered[0]
    issued = redeem(database, app_id, consent(database, registered, scopes=("read", OFFLINE)))
    token_id = holder(database, issued.token).token_id
    other = database.write_now(
        lambda session: apps.register(session, name="Other", uris=[HOME], scopes=["read"])[0].id
    )

    def revoke(app, token):
        return database.write_now(lambda session: apps.revoke(session, app=session.get_one(App, app), token=token))

    assert revoke(other, issued.token) is False
    assert holder(database, issued.token) is not None
    assert revoke(app_id, issued.refresh_token) is True
    assert holder(database, issued.token) is None
    assert revoke(app_id, issued.token) is True
    assert revoke(app_id, "unknown") is True
    assert ended == [token_id]


def test_a_member_sees_each_app_once_and_shuts_it_out(database, registered, clock):
    app_id, me = registered
    first = redeem(database, app_id, consent(database, registered, scopes=("read",)))
    clock.advance(days=1)
    second = redeem(database, app_id, consent(database, registered, scopes=("push",)))
    operator = database.write_now(lambda session: doors.issue_token(session, me, "read", "bot"))
    pending = consent(database, registered)

    def seen():
        return database.read_now(lambda session: apps.of_member(session, me))

    bot, elk = seen()
    assert (bot.name, bot.app_id) == ("bot", None)
    assert (elk.name, elk.app_id, elk.scopes) == ("Elk", app_id, {"read", "push"})
    database.write_now(lambda session: apps.shut_out(session, account_id=me, app_id=app_id))
    assert [holder(database, each.token) for each in (first, second)] == [None, None]
    assert redeem(database, app_id, pending) is None
    assert [each.name for each in seen()] == ["bot"]
    database.write_now(lambda session: apps.shut_out_token(session, account_id=me, token_id=bot.token_id))
    assert holder(database, operator) is None
    assert seen() == []


def test_nobody_shuts_out_the_apps_of_others(database, registered):
    app_id, me = registered
    issued = redeem(database, app_id, consent(database, registered))
    operator = database.write_now(lambda session: doors.issue_token(session, me, "read", "bot"))
    other = database.write_now(lambda session: factories.member(session, "taro").id)
    with pytest.raises(NotFound):
        database.write_now(lambda session: apps.shut_out(session, account_id=other, app_id=app_id))
    token_id = holder(database, operator).token_id
    with pytest.raises(NotFound):
        database.write_now(lambda session: apps.shut_out_token(session, account_id=other, token_id=token_id))
    assert holder(database, issued.token) is not None
    assert holder(database, operator) is not None


def test_a_new_passphrase_shuts_every_app_out_and_voids_codes(database, registered):
    app_id, me = registered
    issued = redeem(database, app_id, consent(database, registered))
    code = consent(database, registered)
    database.write_now(lambda session: members.change_passphrase(session, account_id=me, passphrase_hash="x"))
    assert holder(database, issued.token) is None
    assert redeem(database, app_id, code) is None


def test_who_leaves_takes_tokens_and_codes_along(database, registered, bus):
    ended = []
    bus.subscribe(events.AccessEnded, lambda session, event: ended.extend(event.token_ids))
    app_id, me = registered
    issued = redeem(database, app_id, consent(database, registered))
    token_id = holder(database, issued.token).token_id
    consent(database, registered)
    database.write_now(lambda session: members.leave(session, account_id=me))
    assert holder(database, issued.token) is None
    assert database.read_now(lambda session: session.scalars(select(AccessGrant)).all()) == []
    assert ended == [token_id]
