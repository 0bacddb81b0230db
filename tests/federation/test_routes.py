"""The paths of the wire over a real server: who gets which document in which form, and whom it sends elsewhere."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts, towns
from community.db import Database
from community.models import Account, Member, Post
from community.town import Town
from community.uris import Uris
from federation import discovery, routes
from federation.models import OutboxItem
from tests import factories
from tests.federation.asking import AS2, HERE, Reply, Wire
from tests.towns import FixedClock, make_town

pytestmark = pytest.mark.usefixtures("speaking")

MASTODON = "application/activity+json, application/ld+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def engine() -> Iterator[str]:
    """Paths do not depend on the engine; units of work behind them are tried on both elsewhere."""
    yield "sqlite"


async def ask(database: Database, visibility: str = "open") -> int:
    def unit(session: Session) -> int:
        author = factories.local(session, "hanako")
        return factories.question(session, author, visibility=visibility, tags=("社会保険",)).id

    return await database.write(unit)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/users/hanako", "Person"),
        ("/users/dareka", "Person"),
        ("/users/town", "Service"),
        ("/boards/roumu", "Group"),
        ("/actor", "Application"),
    ],
)
async def test_actors_answer_with_themselves_and_their_collections(wire: Wire, path: str, kind: str) -> None:
    actor = (await wire.get(path, MASTODON)).document()
    assert (actor["id"], actor["type"]) == (f"{HERE}{path}", kind)
    assert actor["publicKey"]["publicKeyPem"].startswith("-----BEGIN PUBLIC KEY-----")
    assert actor["publicKey"] == {**actor["publicKey"], "id": f"{actor['id']}#main-key", "owner": actor["id"]}
    assert (await wire.get(path)).body["publicKey"] == actor["publicKey"]
    for name in ("outbox", "followers", "following", "featured"):
        if name in actor:
            collection = (await wire.get(actor[name].removeprefix(HERE))).document()
            assert collection["id"] == actor[name]
            assert collection["type"] == "OrderedCollection"
    if kind == "Group":
        moderators = (await wire.get("/boards/roumu/moderators")).document()
        assert moderators["orderedItems"] == [f"{HERE}/users/town"]


async def test_a_member_shows_strengths_and_the_number_of_followers_alone(wire: Wire) -> None:
    actor = (await wire.get("/users/hanako")).document()
    assert actor["attachment"] == [{"type": "PropertyValue", "name": "得意技", "value": "36協定"}]
    followers = (await wire.get("/users/hanako/followers?page=1")).document()
    assert (followers["totalItems"], set(followers) - {"@context"}) == (1, {"id", "type", "totalItems"})


@pytest.mark.parametrize(
    "accept", [AS2, MASTODON, 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"', "application/json",
               "*/*", "", f"{AS2}, text/html;q=0.5", "text/html;q=0.5, application/activity+json"],
)  # fmt: skip
async def test_an_id_answers_itself(wire: Wire, accept: str) -> None:
    assert (await wire.get("/users/hanako", accept)).document()["id"] == f"{HERE}/users/hanako"


@pytest.mark.parametrize("accept", [BROWSER, "text/html", f"{AS2};q=0.1, text/html"])
async def test_a_browser_is_sent_to_the_page(wire: Wire, database: Database, accept: str) -> None:
    post_id = await ask(database)
    for path, page in (
        ("/users/hanako", "/@hanako"),
        ("/users/hanako/outbox", "/@hanako"),
        ("/boards/roumu", "/@roumu"),
        ("/actor", "/"),
        (f"/posts/{post_id}", f"{HERE}/@hanako/{post_id}"),
        ("/tags/%E7%A4%BE%E4%BC%9A", "/questions?tag=%E7%A4%BE%E4%BC%9A"),
    ):
        reply = await wire.get(path, accept)
        assert (reply.status, reply.headers["Location"], reply.headers["Vary"]) == (303, page, "Accept")


async def test_a_browser_learns_nothing_of_what_it_may_not_see(wire: Wire, database: Database) -> None:
    hidden = await ask(database, "sister")
    assert (await wire.get(f"/posts/{hidden}", BROWSER)).status == 404
    assert (await wire.get("/posts/1", BROWSER)).status == 404


@pytest.mark.parametrize(
    "path", ["/users/nobody", "/users/roumu", "/boards/hanako", "/users/nobody/outbox", "/posts/1", "/activities/1",
             "/posts/1/replies", "/posts/99999999999999999999", "/nodeinfo/3.0", "/posts/9223372036854775807",
             "/posts/9223372036854775808", "/posts/9223372036854775808/replies", "/activities/9999999999999999999"],
)  # fmt: skip
async def test_what_is_not_there_is_404(wire: Wire, path: str) -> None:
    reply = await wire.get(path)
    assert reply.status == 404
    if len(path) < 25:  # no id is that large: the pages' 404 answers
        assert reply.body == {"error": "Not found"}


async def test_a_cursor_that_no_id_can_be_starts_from_the_beginning(wire: Wire, database: Database) -> None:
    await ask(database)
    path = "/users/hanako/outbox?page=1"
    beyond = (await wire.get(f"{path}&after=9223372036854775808")).document()
    assert beyond == (await wire.get(path)).document()


async def test_a_question_with_all_that_hangs_on_it(wire: Wire, database: Database) -> None:
    post_id = await ask(database)
    note = (await wire.get(f"/posts/{post_id}", MASTODON)).document()
    assert note["id"] == f"{HERE}/posts/{post_id}"
    for name in ("replies", "likes", "shares"):
        collection = (await wire.get(f"/posts/{post_id}/{name}")).document()
        assert collection["id"] == note[name]["id"]
        assert collection["totalItems"] == note[name]["totalItems"]
    context = (await wire.get(note["context"].removeprefix(HERE))).document()
    assert context["attributedTo"] == f"{HERE}/boards/roumu"
    page = (await wire.get(f"/posts/{post_id}/context?page=1")).document()
    assert page["orderedItems"] == [note["id"]]
    assert (await wire.get(f"/posts/{post_id}", method="HEAD")).status == 200
    outbox = (await wire.get("/users/hanako/outbox?page=1")).document()
    (create,) = outbox["orderedItems"]
    again = (await wire.get(create["id"].removeprefix(HERE))).document()
    assert again["object"] == create["object"]
    tagged = (await wire.get("/tags/%E7%A4%BE%E4%BC%9A%E4%BF%9D%E9%99%BA?page=1")).document()
    assert tagged["orderedItems"] == [note["id"]]


async def test_a_sister_question_is_given_to_a_sister_alone(wire: Wire, database: Database) -> None:
    post_id = await ask(database, "sister")
    number = await database.read(
        lambda session: session.scalars(select(OutboxItem.id).where(OutboxItem.type == "Create")).one()
    )
    for path in (f"/posts/{post_id}", f"/posts/{post_id}/context", f"/activities/{number}"):
        unsigned = await wire.get(path)
        assert (unsigned.status, unsigned.body) == (404, {"error": "Not found"})
        signed = await wire.get(path, signed=True)
        assert signed.document()
        assert signed.headers["Vary"] == "Accept, Signature"
        assert signed.headers["Cache-Control"] == "no-cache"
    assert "items" not in (await wire.get("/sisters")).document()
    assert (await wire.get("/sisters", signed=True)).document()["items"] == ["https://yamate.example/actor"]


async def test_a_bad_signature_proves_nothing(wire: Wire, database: Database, clock: FixedClock) -> None:
    post_id = await ask(database, "sister")
    clock.advance(hours=-2)  # the client's clock is the town's: sign, then let the town's go on
    reply = await _late(wire, clock, f"/posts/{post_id}")
    assert reply.status == 401
    open_id = await ask(database)
    assert (await _late(wire, clock, f"/posts/{open_id}")).status == 200  # nobody looks at it


async def _late(wire: Wire, clock: FixedClock, path: str) -> Reply:
    """A request signed two hours ago."""
    now = clock.now
    wire._clock = FixedClock(now - 2 * 3_600_000)
    reply = await wire.get(path, signed=True)
    wire._clock = clock
    return reply


async def test_a_deleted_post_leaves_a_tombstone(wire: Wire, database: Database) -> None:
    post_id = await ask(database)

    def delete(session: Session) -> None:
        posts.delete(session, post=session.get_one(Post, post_id), by=factories.local(session, "hanako"))

    await database.write(delete)
    gone = await wire.get(f"/posts/{post_id}")
    assert gone.status == 410
    assert gone.document()["type"] == "Tombstone"


@pytest.mark.parametrize("visibility", ["sister", "town", "suspended"])
async def test_no_tombstone_tells_of_what_was_not_for_everybody(
    wire: Wire, database: Database, visibility: str
) -> None:
    post_id = await ask(database, "open" if visibility == "suspended" else visibility)

    def delete(session: Session) -> None:
        hanako = factories.local(session, "hanako")
        posts.delete(session, post=session.get_one(Post, post_id), by=hanako)
        if visibility == "suspended":
            hanako.suspended_at = 1_775_000_000_000

    await database.write(delete)
    gone = await wire.get(f"/posts/{post_id}")
    assert (gone.status, gone.body) == (404, {"error": "Not found"})
    signed = await wire.get(f"/posts/{post_id}", signed=True)
    assert signed.status == (410 if visibility == "sister" else 404)


async def test_whoever_left_is_gone(wire: Wire, database: Database) -> None:
    def leave(session: Session) -> None:
        account = factories.local(session, "hanako")
        account.deleted_at = 1_775_000_000_000
        session.flush()

    await database.write(leave)
    gone = await wire.get("/users/hanako")
    assert (gone.status, gone.document()["type"]) == (410, "Tombstone")
    assert (await wire.get("/users/hanako/outbox")).status == 404
    assert (await wire.get("/.well-known/webfinger?resource=acct:hanako@minato.example")).status == 410
    assert (await wire.get("/users/hanako/inbox", method="POST")).status == 410


@pytest.mark.parametrize(
    ("resource", "subject", "self_link"),
    [
        ("acct:hanako@minato.example", "acct:hanako@minato.example", "/users/hanako"),
        ("acct:Hanako@MINATO.example", "acct:hanako@minato.example", "/users/hanako"),
        ("https://minato.example/users/hanako", "acct:hanako@minato.example", "/users/hanako"),
        ("https://minato.example/@hanako", "acct:hanako@minato.example", "/users/hanako"),
        ("https://minato.example/@roumu", "acct:roumu@minato.example", "/boards/roumu"),
        ("acct:machi@minato.example", "acct:machi@minato.example", "/boards/machi"),
        ("acct:dareka@minato.example", "acct:dareka@minato.example", "/users/dareka"),
        ("acct:minato.example@minato.example", "acct:minato.example@minato.example", "/actor"),
        ("https://minato.example/actor", "acct:minato.example@minato.example", "/actor"),
        ("https://minato.example", "acct:minato.example@minato.example", "/actor"),
        ("acct:@hanako@minato.example", "acct:hanako@minato.example", "/users/hanako"),
        ("hanako@minato.example", "acct:hanako@minato.example", "/users/hanako"),
        ("ACCT:hanako@minato.example.", "acct:hanako@minato.example", "/users/hanako"),
        ("acct:hanako@minato.example:443", "acct:hanako@minato.example", "/users/hanako"),
        ("HTTPS://Minato.Example:443/@Hanako/", "acct:hanako@minato.example", "/users/hanako"),
        ("https://minato.example/@hanako@minato.example", "acct:hanako@minato.example", "/users/hanako"),
        ("https://minato.example/users/hanako?x=1%23main-key", "acct:hanako@minato.example", "/users/hanako"),
    ],
)
async def test_webfinger_finds(wire: Wire, resource: str, subject: str, self_link: str) -> None:
    reply = await wire.get(f"/.well-known/webfinger?resource={resource}", "")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/jrd+json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.body["subject"] == subject
    links = {link["rel"]: link for link in reply.body["links"]}
    assert links["self"] == {"rel": "self", "type": AS2, "href": f"{HERE}{self_link}"}


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ("", 400), ("hanako", 400), ("acct:", 400), ("acct:hanako", 400), ("mailto:hanako@minato.example", 400),
        ("acct:@minato.example", 400), ("acct:nobody@minato.example", 404), ("acct:hanako@other.example", 404),
        ("https://other.example/users/hanako", 404), ("https://minato.example/users/nobody", 404),
        ("acct:hanako@minato.example:8443", 404), ("acct:hanako@みなと.example", 404), ("acct:roumu@", 400),
        ("acct:a/b@minato.example", 400), ("acct:hanako@b@minato.example", 400), ("https://", 400),
        ("https://[minato.example/users/hanako", 400), ("https://minato.example/posts/1", 404),
        ("https://minato.example/users/hanako/outbox", 404), ("https://minato.example/boards/hanako", 404),
        ("https://minato.example/@hanako@other.example", 404), ("acct:%00@minato.example", 404),
        ("acct:" + "a" * 1000 + "@minato.example", 400),
    ],
)  # fmt: skip
async def test_webfinger_finds_nothing(wire: Wire, resource: str, status: int) -> None:
    reply = await wire.get(f"/.well-known/webfinger?resource={resource}", "")
    assert reply.status == status
    assert set(reply.body) == {"error"}
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("resource", "name"),
    [("acct:hanako@みなと.example", "hanako"), ("acct:hanako@xn--o9jd6d.example", "hanako"),
     ("acct:hanako@ミナト.example", None), ("https://みなと.example/@hanako", "hanako"), ("acct:hanako@minato.example", None)],
)  # fmt: skip
def test_a_domain_in_japanese_is_known_in_both_spellings(resource: str, name: str | None) -> None:
    named = discovery.named(Uris("https", "xn--o9jd6d.example"), resource)
    assert (named and named.name) == name


@pytest.mark.parametrize("domain", ["minato.example", "kotae.example"])
def test_both_domains_of_a_split_town_are_its_own(domain: str) -> None:
    uris = Uris("https", "minato.example", "kotae.example")
    for resource in (f"acct:hanako@{domain}", f"https://{domain}/@hanako", f"https://{domain}/@hanako@kotae.example"):
        assert discovery.named(uris, resource) == ("hanako", discovery.EVERY_KIND)
    assert discovery.named(uris, "acct:hanako@other.example") is None


async def test_webfinger_closes_the_loop(wire: Wire) -> None:
    """Handle → actor → preferredUsername@host → the same subject, as Mastodon insists."""
    for path in ("/users/hanako", "/boards/roumu", "/users/dareka", "/actor"):
        actor = (await wire.get(path)).document()
        handle = f"{actor['preferredUsername']}@minato.example"
        assert actor["webfinger"] == handle
        found = await wire.get(f"/.well-known/webfinger?resource=acct:{handle}")
        assert found.body["subject"] == f"acct:{handle}"


async def test_the_server_tells_what_it_is(wire: Wire, database: Database) -> None:
    await ask(database)
    links = (await wire.get("/.well-known/nodeinfo", "*/*")).body["links"]
    assert [link["href"] for link in links] == [f"{HERE}/nodeinfo/2.0", f"{HERE}/nodeinfo/2.1"]
    for link, version in zip(links, ("2.0", "2.1"), strict=True):
        reply = await wire.get(link["href"].removeprefix(HERE), "*/*")
        assert reply.status == 200
        assert reply.headers["Content-Type"] == f'application/json; profile="{link["rel"]}#"'
        assert reply.body["version"] == version
        assert reply.body["software"]["name"] == "machi"
        assert reply.body["protocols"] == ["activitypub"]
        assert reply.body["openRegistrations"] is True
        users = {"total": 1, "activeMonth": 1, "activeHalfyear": 1}
        assert reply.body["usage"] == {"users": users, "localPosts": 1}
    meta = await wire.get("/.well-known/host-meta", "text/html")
    assert meta.status == 200
    assert meta.headers["Content-Type"].startswith("application/xrd+xml")
    assert "https://minato.example/.well-known/webfinger?resource={uri}" in meta.body
    meta = await wire.get("/.well-known/host-meta.json", "*/*")
    assert (meta.status, meta.headers["Content-Type"]) == (200, "application/jrd+json")
    (link,) = meta.body["links"]
    assert (link["rel"], link["template"]) == ("lrdd", "https://minato.example/.well-known/webfinger?resource={uri}")
    assert meta.headers["Access-Control-Allow-Origin"] == "*"


async def test_whoever_waits_for_approval_is_not_there_yet(wire: Wire, database: Database) -> None:
    def wait(session: Session) -> None:
        session.get_one(Member, factories.local(session, "hanako").id).state = "pending"

    await database.write(wait)
    assert (await wire.get("/users/hanako")).status == 404
    assert (await wire.get("/.well-known/webfinger?resource=acct:hanako@minato.example")).status == 404
    assert (await wire.get("/nodeinfo/2.0")).body["usage"]["users"]["total"] == 0


class TestAuthorizedFetch:
    @pytest.fixture
    def town(self, database_url: str, clock: FixedClock) -> Town:
        return make_town(database_url, clock=clock, federation={"authorized_fetch": True})

    async def test_only_the_instance_actor_and_discovery_are_given_unsigned(
        self, wire: Wire, database: Database
    ) -> None:
        post_id = await ask(database)
        number = await database.read(
            lambda session: session.scalars(select(OutboxItem.id).where(OutboxItem.type == "Create")).one()
        )
        demanding = [
            "/users/hanako", "/users/dareka", "/boards/roumu", "/sisters", "/tags/x", f"/posts/{post_id}",
            f"/activities/{number}", "/actor/outbox",
            *(f"/users/hanako/{each}" for each in ("outbox", "followers", "following", "featured", "featured_tags", "liked")),
            *(f"/posts/{post_id}/{each}" for each in ("replies", "context", "likes", "shares")),
            "/boards/roumu/moderators",
        ]  # fmt: skip
        for path in demanding:
            for method in ("GET", "HEAD"):
                assert (path, (await wire.get(path, method=method)).status) == (path, 401)
            assert (await wire.get(path, signed=True)).status == 200
        for path in ("/actor", "/nodeinfo/2.0", "/nodeinfo/2.1", "/.well-known/nodeinfo", "/.well-known/host-meta",
                     "/.well-known/webfinger?resource=acct:hanako@minato.example"):  # fmt: skip
            assert (await wire.get(path, "*/*")).status == 200

    async def test_an_unsigned_asker_does_not_learn_what_is_there(self, wire: Wire, database: Database) -> None:
        there = await wire.get(f"/posts/{await ask(database)}")
        missing = await wire.get("/posts/1")
        nobody = await wire.get("/users/nobody")
        assert there.status == missing.status == nobody.status == 401
        assert there.body == missing.body == nobody.body == {"error": "A valid signature is needed here"}

    async def test_a_signature_that_does_not_hold_is_refused(
        self, wire: Wire, database: Database, clock: FixedClock
    ) -> None:
        path = f"/posts/{await ask(database)}"
        assert (await _late(wire, clock, path)).status == 401
        assert (await wire.get(path, also={"Signature": "nonsense"})).status == 401

    async def test_a_suspended_host_is_refused_whatever_it_signs(self, wire: Wire, database: Database) -> None:
        post_id = await ask(database)
        await database.write(lambda session: towns.suspend(session, "yamate.example"))
        for path in ("/users/hanako", f"/posts/{post_id}", f"/posts/{post_id}/replies", "/users/hanako/outbox"):
            assert (await wire.get(path, signed=True)).status == 403
        assert (await wire.get("/actor", signed=True)).status == 200


async def test_suspended_hosts_get_nothing_but_what_proves_our_own_requests(
    wire: Wire, database: Database
) -> None:
    paths = [f"/posts/{await ask(database, visibility)}" for visibility in ("sister", "open")]
    await database.write(lambda session: towns.suspend(session, "yamate.example"))
    for path in (*paths, f"{paths[1]}/replies", "/users/hanako", "/users/hanako/outbox"):
        assert (await wire.get(path, signed=True)).status == 403
    assert (await wire.get("/actor", signed=True)).status == 200


async def test_page_helpers(wire: Wire, database: Database) -> None:
    account = await database.read(
        lambda session: session.scalars(select(Account).where(Account.name == "hanako")).one()
    )
    redirect = routes.activity_redirect(account.uri)
    assert (redirect.status, redirect.headers["Location"]) == (302, f"{HERE}/users/hanako")
    assert redirect.headers["Vary"] == "Accept"
