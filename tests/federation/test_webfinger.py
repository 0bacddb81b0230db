"""From handles to actors and back."""

import pytest

from federation import webfinger
from federation.http import Page, PermanentFailure, Refused, TemporaryFailure
from federation.links import activity_of
from federation.webfinger import Handle, home_of, parse, resolve, resolve_address
from tests.peer import ACTIVITY, Peer

FINGER = "/.well-known/webfinger"
JRD = "application/jrd+json"


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@hanako@yamate.example", Handle("hanako", "yamate.example")),
        ("hanako@yamate.example", Handle("hanako", "yamate.example")),
        ("acct:hanako@yamate.example", Handle("hanako", "yamate.example")),
        ("ACCT:@hanako@yamate.example", Handle("hanako", "yamate.example")),
        ("  @Hanako@Yamate.Example ", Handle("Hanako", "yamate.example")),
        ("＠hanako＠yamate．example", Handle("hanako", "yamate.example")),
        ("@hanako@localhost:8002", Handle("hanako", "localhost:8002")),
        ("@a_b.c-d@127.0.0.1:80", Handle("a_b.c-d", "127.0.0.1:80")),
        ("@hanako@みなと.example", Handle("hanako", "xn--o9jd6d.example")),
        ("@はなこ@yamate.example", Handle("はなこ", "yamate.example")),
        ("@hanako", Handle("hanako")),
        ("hanako", Handle("hanako")),
    ],
)
def test_handles(text, handle):
    assert parse(text) == handle


@pytest.mark.parametrize(
    "text",
    ["", "@", "@@", "@a@", "@@b.example", "a b@c.example", "a@b c", "a@b@c", "a@b/c", "a/b@c.example", "a@b:x",
     "a@b.example:0", "https://b.example/@a", "x" * 101 + "@b.example", "<a>@b.example"],
)  # fmt: skip
def test_texts_that_are_no_handles(text):
    assert parse(text) is None


def jrd(subject: str | None, actor: str | None, **link: str) -> dict:
    links = [
        {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": "https://x.example"}
    ]
    if actor is not None:
        links.append({"rel": "self", "type": ACTIVITY, "href": actor} | link)
    return {"links": links} | ({"subject": subject} if subject is not None else {})


class TestResolving:
    async def test_a_handle(self, ctx, peer):
        alice = peer.actor("alice")
        found = await resolve(ctx, Handle("alice", peer.domain))
        assert found == webfinger.Resolved(alice.id, Handle("alice", peer.domain))
        assert peer.requests[-1].path == f"{FINGER}?resource=acct:alice@{peer.domain}"

    async def test_the_host_writes_the_name_as_it_likes(self, ctx, peer):
        alice = peer.actor("alice")
        peer.answer(FINGER, body=jrd(f"acct:ALICE@{peer.domain}", alice.id), content_type=JRD)
        assert (await resolve(ctx, Handle("alice", peer.domain))).handle.name == "ALICE"
        assert peer.asked(FINGER) == 1

    async def test_an_answer_without_a_subject(self, ctx, peer):
        peer.answer(FINGER, body=jrd(None, peer.actor("alice").id), content_type="application/json")
        assert (await resolve(ctx, Handle("alice", peer.domain))).handle == Handle("alice", peer.domain)

    async def test_the_other_media_type_of_documents(self, ctx, peer):
        ld = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
        body = jrd(f"acct:alice@{peer.domain}", f"{peer.origin}/users/alice", type=ld)
        peer.answer(FINGER, body=body, content_type=JRD)
        assert (await resolve(ctx, Handle("alice", peer.domain))).actor == f"{peer.origin}/users/alice"

    @pytest.mark.parametrize(
        "body",
        [{}, {"links": None}, {"links": "x"}, {"links": [None, 5, []]}, jrd("acct:a@b.example", None),
         jrd("x", "https://x.example/1"), jrd("acct:alice", "https://x.example/1"), jrd(None, "not an address"),
         jrd(None, "https://x.example/1", type="text/html"), jrd(None, "https://x.example/1", rel="alternate")],
    )  # fmt: skip
    async def test_answers_that_name_no_actor(self, ctx, peer, body):
        peer.answer(FINGER, body=body, content_type=JRD)
        with pytest.raises(Refused):
            await resolve(ctx, Handle("alice", peer.domain))

    async def test_unknown(self, ctx, peer):
        with pytest.raises(PermanentFailure):
            await resolve(ctx, Handle("nobody", peer.domain))

    async def test_host_meta_may_name_another_place(self, ctx, peer):
        alice = peer.actor("alice")
        peer.answer(FINGER, status=404)
        peer.answer(
            "/.well-known/host-meta",
            body='<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" '
            f'type="application/jrd+json" template="{peer.origin}/finger?r={{uri}}"/></XRD>',
            content_type="application/xrd+xml; charset=utf-8",
        )
        peer.answer("/finger", body=jrd(f"acct:alice@{peer.domain}", alice.id), content_type=JRD)
        assert (await resolve(ctx, Handle("alice", peer.domain))).actor == alice.id
        assert peer.requests[-1].path == f"/finger?r=acct:alice@{peer.domain}"

    @pytest.mark.parametrize("xrd", ["", "<XRD/>", '<XRD><Link rel="lrdd" template="x"/></XRD>', "<<<"])
    async def test_host_meta_that_says_nothing(self, ctx, peer, xrd):
        peer.answer("/.well-known/host-meta", body=xrd, content_type="application/xrd+xml")
        with pytest.raises(PermanentFailure):
            await resolve(ctx, Handle("alice", peer.domain))

    async def test_an_address(self, ctx, peer):
        alice = peer.actor("alice")
        assert await resolve_address(ctx, alice.document["url"]) == alice.id
        with pytest.raises(Refused):
            await resolve_address(ctx, "nothing")


class TestSplitDomains:
    """`@alice@short` lives at another host, the peer; `short` is a second server."""

    @pytest.fixture
    async def short(self, clock):
        async with Peer("mastodon", clock=clock) as made:
            yield made

    async def test_both_hosts_name_the_short_one(self, ctx, peer, short):
        alice = peer.actor("alice")
        said = jrd(f"acct:alice@{short.domain}", alice.id)
        for host in (peer, short):
            host.answer(FINGER, body=said, content_type=JRD)
        found = await resolve(ctx, Handle("alice", peer.domain))
        assert found.handle == Handle("alice", short.domain)
        assert await home_of(ctx, alice.document, found.handle) == short.domain
        assert await home_of(ctx, alice.document) == short.domain

    async def test_a_host_cannot_take_a_handle_of_another(self, ctx, peer, short):
        """The peer says that its actor is alice of the short host, which knows nothing of it."""
        peer.answer(
            FINGER, body=jrd(f"acct:alice@{short.domain}", peer.actor("mallory").id), content_type=JRD
        )
        short.actor("alice")
        with pytest.raises(Refused, match="same actor"):
            await resolve(ctx, Handle("mallory", peer.domain))
        assert await home_of(ctx, peer.actor("mallory").document) == peer.domain

    async def test_a_host_cannot_claim_an_actor_of_another(self, ctx, peer, short):
        """The short host points at an actor who lives elsewhere and has no part in it."""
        alice = peer.actor("alice")
        short.answer(FINGER, body=jrd(f"acct:alice@{short.domain}", alice.id), content_type=JRD)
        found = await resolve(ctx, Handle("alice", short.domain))
        with pytest.raises(Refused, match="lead back"):
            await home_of(ctx, alice.document, found.handle)

    async def test_an_actor_whose_host_does_not_finger(self, ctx, peer):
        alice = peer.actor("alice")
        peer.answer(FINGER, status=503)
        assert await home_of(ctx, alice.document) == peer.domain
        with pytest.raises(TemporaryFailure):
            await home_of(ctx, alice.document, Handle("alice", "kawabe.example"))


def page(text: str = "", links: str = "") -> Page:
    return Page("https://yamate.example/@alice", text, links)


@pytest.mark.parametrize(
    "found",
    [
        page('<head><link rel="alternate" type="application/activity+json" href="/users/alice"></head>'),
        page('<LINK HREF="/users/alice" TYPE="application/activity+json" REL="foo Alternate"/>'),
        page(links='<https://yamate.example/users/alice>; rel="alternate"; type="application/activity+json"'),
        page(
            links='</feed>; rel="alternate"; type="application/rss+xml", '
            '</users/alice>; type="application/ld+json; profile=https://www.w3.org/ns/activitystreams"; rel=alternate'
        ),
    ],
)
def test_pages_name_their_document(found):
    assert activity_of(found) == "https://yamate.example/users/alice"


@pytest.mark.parametrize(
    "found",
    [
        page(),
        page('<link rel="alternate" type="application/rss+xml" href="/feed">'),
        page('<link rel="stylesheet" type="application/activity+json" href="/x">'),
        page('<link rel="alternate" type="application/activity+json">'),
        page('<a rel="alternate" type="application/activity+json" href="/x">'),
        page("<" * 10_000),
        page(links="<<<>>>;;;,,,"),
    ],
)
def test_pages_that_name_none(found):
    assert activity_of(found) is None
