"""What linked pages say of themselves, asked through the outbound door."""

import time

import pytest

from community import cards, notes, text, towns
from community.cards import Preview
from community.models import Account, Card
from federation import previews
from federation.http import Page
from tests import factories

HTML = """<!doctype html><html lang="ja"><head><title>題 &amp; 名</title>
<meta property="og:title" content="年末調整 &lt;入門&gt;"><meta name="description" content="説明">
<meta content="総務の泉" property='og:site_name'><meta property=og:image content=/pic.png>
<meta property="og:image:width" content="1200"><meta property="og:image:height" content="99999999">
<meta property="article:published_time" content="2026-03-01T00:00:00Z"><meta name="author" content="花子">
</head><body>…</body></html>"""


def read(html, url="https://news.example/a/1"):
    return previews.read(Page(url, html, ""))


def test_opengraph_is_read():
    assert read(HTML) == Preview(
        title="年末調整 <入門>",
        description="説明",
        provider_name="総務の泉",
        author_name="花子",
        language="ja",
        image_url="https://news.example/pic.png",
        width=1200,
        height=0,
        published_at=1_772_323_200_000,
    )


def test_a_bare_title_will_do_and_nothing_is_nothing():
    assert read("<TITLE>\n ごあいさつ</TITLE>").title.strip() == "ごあいさつ"
    for html in ("", "<p>x", "<meta property='og:title'>", "<meta content='x'>"):
        assert read(html) == cards.NOTHING


@pytest.mark.parametrize("image", ["javascript:alert(1)", "data:image/png;base64,x", "", "http://u:p@x.example/a"])
def test_pictures_lie_on_the_web(image):
    assert read(f'<title>x</title><meta property="og:image" content="{image}">').image_url is None


def test_strange_pages_cost_little():
    began = time.thread_time()
    for piece in ("<meta ", "<meta '", '<meta "', "<title", "<html ", "<!--", "<meta a=", "<meta content=x name="):
        read(piece * 60_000)
    assert time.thread_time() - began < 4


async def post(ctx, address):
    def unit(session):
        hanako = session.get(Account, 0) or factories.member(session, f"m{len(address)}{abs(hash(address)) % 10_000}")
        body = text.from_html(f'<p><a href="{address}">{address}</a></p>', "x")
        made = notes.write(session, author=hanako, body=body, visibility="open")
        cards.choose(session, made.id)
        return made.card_id

    return await ctx.database.write(unit)


async def card(ctx, card_id):
    return await ctx.database.read(lambda session: session.get_one(Card, card_id))


async def test_a_page_is_asked_and_kept(ctx, peer):
    address = peer.answer("/article", body=HTML.encode(), content_type="text/html; charset=utf-8")
    card_id = await post(ctx, address)
    assert await previews.run_once(ctx) == 1
    assert await previews.run_once(ctx) == 0
    kept = await card(ctx, card_id)
    assert (kept.title, kept.provider_name) == ("年末調整 <入門>", "総務の泉")
    assert kept.image_url == f"{peer.origin}/pic.png"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html; charset=Shift_JIS", "<title>労務の窓口</title>".encode("cp932")),
        ("text/html", '<meta charset="euc-jp"><title>労務の窓口</title>'.encode("euc_jp")),
        ("text/html; charset=rot13", "<title>労務の窓口</title>".encode()),
        ("application/xhtml+xml", ("<title>労務の窓口</title>" + " " * 3_000_000).encode()),
    ],
)
async def test_old_character_sets_and_long_pages(ctx, peer, content_type, body):
    card_id = await post(ctx, peer.answer("/article", body=body, content_type=content_type))
    await previews.run_once(ctx)
    assert (await card(ctx, card_id)).title == "労務の窓口"


async def test_what_does_not_answer_is_let_be(ctx, peer):
    addresses = [
        peer.answer("/gone", status=404, content_type="text/html"),
        peer.answer("/picture", body=b"\x89PNG", content_type="image/png"),
        "http://localhost:1/nobody",
    ]
    kept = [await post(ctx, address) for address in addresses]
    while await previews.run_once(ctx):
        pass
    for card_id in kept:
        found = await card(ctx, card_id)
        assert (found.title, found.fetched_at) == ("", ctx.town.clock())


async def test_a_refused_host_is_not_asked(ctx, peer):
    address = peer.answer("/article", body=HTML.encode(), content_type="text/html")
    host = address.partition("://")[2].partition("/")[0]
    await ctx.database.write(lambda session: towns.block(session, domain=host, policy="suspend"))
    card_id = await post(ctx, address)
    await previews.run_once(ctx)
    assert (await card(ctx, card_id)).title == ""
    assert [each for each in peer.requests if each.path == "/article"] == []
