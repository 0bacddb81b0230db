"""旗の一覧・旗を立てる・旗のページ."""

from sqlalchemy import select

from community.models import Gathering, Join, Post
from community.plans import Plan
from tests import factories
from tests.webui.conftest import Site

TYPED = {
    "title": "BCPを1枚で書く90分", "body": "A4・1枚を書きあげて帰ります。", "board": "bosai", "starts_at": "2026-04-10T13:30",
    "place": "みなと公民館", "minutes": "90", "capacity": "12", "form": "作業会", "listening": "on", "tags": "BCP、最初の一歩",
}  # fmt: skip


async def raised(site: Site, **more: object) -> int:
    def unit(session):
        return factories.flag(session, factories.local(session, "harukaze"), **more).id

    return await site.database.write(unit)


async def test_an_empty_list_invites(site: Site) -> None:
    await site.member("harukaze")
    page = await (await site.enter("harukaze")).get("/flags")
    assert "旗がありません。3人集まれば十分です。立ててみませんか。" in page.text
    assert "おひらきになった旗は、まだありません。" in (await (await site.enter("harukaze")).get("/flags?tab=past")).text


async def test_raised_shown_listed_and_at_home(site: Site) -> None:
    await site.member("harukaze")
    await site.member("hotate")
    browser = await site.enter("harukaze")
    form = await browser.get("/flags/new?board=bosai")
    shown = await browser.post("/flags", form.form("/flags") | TYPED)
    assert shown.path.startswith("/@harukaze/")
    for said in ("BCPを1枚で書く90分", "2026年4月10日（金）13:30", "（90分）", "みなと公民館", "12人", "聞くだけOK", "集まる人 0人", "おひらきにする"):
        assert said in shown.text, said
    neighbour = await site.enter("hotate")
    for path in ("/flags", "/", "/@harukaze", "/@bosai"):
        page = await neighbour.get(path)
        assert "BCPを1枚で書く90分" in page.text, path
    (gathering,) = await site.database.read(lambda session: session.scalars(select(Gathering)).all())
    assert (gathering.capacity, gathering.minutes, gathering.form) == (12, 90, "作業会")


async def test_what_does_not_fit_is_said_beside_its_field(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    for field, value in (
        ("title", "あ"), ("starts_at", "あした"), ("starts_at", "2020-01-01T10:00"), ("minutes", "たくさん"),
        ("capacity", "1"), ("capacity", "٣٣٣x"), ("board", ""), ("place", "あ" * 201),
    ):  # fmt: skip
        form = (await browser.get("/flags/new")).form("/flags")
        page = await browser.post("/flags", form | TYPED | {field: value})
        assert page.status == 422, (field, page.status)
        assert f'id="e-{field}"' in page.text, field
        assert "A4・1枚を書きあげて帰ります。" in page.text


async def test_gathering_and_who_sees_whom(site: Site) -> None:
    for name in ("harukaze", "hotate", "mizutama"):
        await site.member(name)
    flag = await raised(site)
    address = f"/@harukaze/{flag}"
    hotate, mizutama, harukaze = [await site.enter(name) for name in ("hotate", "mizutama", "harukaze")]
    page = await hotate.get(address)
    done = await hotate.post(f"/flags/{flag}/join", page.form(f"/flags/{flag}/join"))
    assert "集まる人 1人" in done.text
    assert "hotate" in done.text.partition("joiners")[2]
    assert "今回はお休みする" in done.text
    assert "hotate" in (await harukaze.get(address)).text
    other = await mizutama.get(address)
    assert "集まる人 1人" in other.text
    assert "hotate" not in other.text
    notices = await harukaze.get("/notifications")
    assert "あなたの旗に集まりました。" in notices.text
    back = await hotate.post(f"/flags/{flag}/leave", done.form(f"/flags/{flag}/leave"))
    assert "集まる人 0人" in back.text


async def test_a_full_flag_says_so_kindly(site: Site) -> None:
    for name in ("harukaze", "hotate"):
        await site.member(name)
    flag = await raised(site, plan=Plan(capacity=2))
    hotate = await site.enter("hotate")
    page = await hotate.get(f"/@harukaze/{flag}")
    form = page.form(f"/flags/{flag}/join")
    await site.database.write(lambda session: session.execute(Gathering.__table__.update().values(joined_count=2)) and None)
    refused = await hotate.post(f"/flags/{flag}/join", form)
    assert refused.status == 409
    assert "この旗は、定員になりました。" in refused.text
    full = await hotate.get(f"/@harukaze/{flag}")
    assert f"/flags/{flag}/join" not in full.text
    assert "場所が空いたら、また集まれます。" in full.text
    assert await site.database.read(lambda session: session.scalars(select(Join)).all()) == []


async def test_closed_and_raised_again(site: Site) -> None:
    for name in ("harukaze", "hotate"):
        await site.member(name)
    flag = await raised(site)
    harukaze = await site.enter("harukaze")
    page = await harukaze.get(f"/@harukaze/{flag}")
    closed = await harukaze.post(f"/flags/{flag}/close", page.form(f"/flags/{flag}/close"))
    assert "この旗は、おひらきになりました。" in closed.text
    assert "今回は静かな旗でした。" in closed.text
    assert "集まった人 0人" in closed.text
    assert "BCPを1枚で書く90分" in (await harukaze.get("/flags?tab=past")).text
    again = await harukaze.post(f"/flags/{flag}/reopen", closed.form(f"/flags/{flag}/reopen"))
    assert "おひらきにする" in again.text
    stranger = await site.enter("hotate")
    refused = await stranger.post(f"/flags/{flag}/close", closed.form(f"/flags/{flag}/reopen") | {"csrf": (await stranger.get("/ask")).form("/ask")["csrf"]})
    assert refused.status == 403


async def test_reworded_and_taken_back(site: Site) -> None:
    await site.member("harukaze")
    flag = await raised(site)
    browser = await site.enter("harukaze")
    page = await browser.get(f"/posts/{flag}/edit")
    assert page.path == f"/flags/{flag}/edit"
    form = page.form(f"/flags/{flag}/edit")
    assert form["starts_at"] == "2026-04-02T09:00"
    edited = await browser.post(f"/flags/{flag}/edit", form | {"place": "港の図書館", "title": "BCPを1枚で書く会"})
    assert "港の図書館" in edited.text
    assert "BCPを1枚で書く会" in edited.text
    ask = await browser.get(f"/posts/{flag}/delete")
    gone = await browser.post(f"/posts/{flag}/delete", ask.form(f"/posts/{flag}/delete"))
    assert gone.path == "/flags"
    assert await site.database.read(lambda session: session.get_one(Post, flag).deleted_at) is not None


async def test_a_visitor_reads_open_flags_alone(site: Site) -> None:
    await site.member("harukaze")
    await raised(site, title="ひらいた旗です")
    await raised(site, title="姉妹まちまでの旗です", visibility="sister")
    page = await (await site.visit()).get("/flags")
    assert "ひらいた旗です" in page.text
    assert "姉妹まちまでの旗です" not in page.text
