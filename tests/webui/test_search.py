"""さがす: one box, who and what is found, and what is said when nothing is."""

from urllib.parse import quote

import pytest

from community import notes, text
from community.models import Account


def address(typed, **more):
    return f"/search?q={quote(typed)}" + "".join(f"&{key}={value}" for key, value in more.items())


async def test_the_box_leads_to_questions_people_and_tags(site, scene):
    browser = await site.enter("hotate")
    page = await browser.get(address("入社手続き"))
    assert page.status == 200
    assert "月の途中で入社した人の社会保険料は？" in page.text
    assert 'href="/questions?tag=' in page.text
    people = await browser.get(address("はるかぜ"))
    assert 'href="/@harukaze"' in people.text
    assert people.title.startswith("さがす")


async def test_an_empty_box_shows_the_categories(site, scene):
    page = await (await site.visit()).get("/search")
    assert page.status == 200
    assert "/questions?board=roumu" in page.text
    assert 'href="/questions"' in page.text


async def test_what_else_was_looked_for_is_said(site, scene):
    page = await (await site.visit()).get(address("有休"))
    assert "「年休・有給」もふくめました。" in page.text


async def test_nothing_found_leads_to_asking_with_the_words_typed(site, scene):
    browser = await site.enter("hotate")
    page = await browser.get(address("きつねの嫁入り"))
    assert "見つかりませんでした。そのまま質問してみましょう。" in page.text
    assert page.form("/ask/begin")["title"] == "きつねの嫁入り"
    asking = await browser.send(page, "/ask/begin")
    assert asking.form("/ask")["title"] == "きつねの嫁入り"
    stranger = await (await site.visit()).get(address("きつねの嫁入り"))
    assert 'href="/ask"' in stranger.text
    assert "/ask/begin" not in stranger.actions


@pytest.mark.parametrize("typed", ["@harukaze", "＠harukaze", "akari@yamate.example", "https://yamate.example/posts/99"])
async def test_what_names_one_is_opened(site, scene, typed):
    page = await (await site.visit()).get(address(typed), follow=False)
    assert page.status == 303
    assert page.headers["Location"].startswith("/lookup?q=")


async def test_a_stranger_finds_open_questions_alone(site, scene):
    stranger, member = await site.visit(), await site.enter("hotate")
    assert "まちの中だけで聞きます" not in (await stranger.get(address("中だけ"))).text.replace("まちの中だけの質問", "")
    assert "まちの中だけで聞きます" in (await member.get(address("中だけ"))).text
    assert (await stranger.get(address("入社手続き"))).headers["X-Robots-Tag"] == "noindex"


async def test_pages_follow_each_other(site, scene):
    member = await site.enter("hotate")

    def write(session):
        hotate = session.get_one(Account, scene.bystander)
        for number in range(25):
            notes.write(session, author=hotate, body=text.from_markdown(f"備蓄の水 第{number:02}号"), visibility="open")

    await site.database.write(write)
    page = await member.get(address("備蓄"))
    assert "第24号" in page.text
    assert "第04号" not in page.text
    older = page.text.split('class="more"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    page = await member.get(older)
    assert "第04号" in page.text
    assert "第24号" not in page.text


async def test_what_was_typed_stands_in_the_box_and_means_no_html(site, scene):
    page = await (await site.visit()).get(address('<script>alert("x")</script>'))
    assert page.form("/search")["q"] == '<script>alert("x")</script>'
    assert "<script>alert" not in page.text


async def test_the_bar_leads_here(site, scene):
    page = await (await site.visit()).get("/promise")
    assert 'href="/search"' in page.text
