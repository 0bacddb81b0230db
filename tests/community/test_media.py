import pytest
from sqlalchemy import select, update

from community import events, media, notes, text
from community.errors import Conflict, Invalid, NotFound
from community.media import Foreign
from community.models import Media
from tests import factories

META = {"original": media.sized(1200, 800), "small": media.sized(640, 427)}


def upload(session, owner, name="a", **facts):
    return media.new(
        session,
        account_id=owner.id,
        kind="image",
        mime="image/png",
        file=f"{name}.png",
        preview=f"{name}-small.png",
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        meta=META,
        size=4_000,
        **facts,
    )


def note(session, author, words="写真です", **facts):
    return notes.write(session, author=author, body=text.from_markdown(words), visibility="open", **facts)


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


def test_attached_in_the_order_asked_for(session, hanako):
    first, second, third = (upload(session, hanako, name) for name in "abc")
    post, other = note(session, hanako), note(session, hanako)
    assert media.attach(session, post, [third.id, first.id, third.id]) == [third, first]
    media.attach(session, other, [second.id])
    assert media.attach(session, other, []) == []
    found = media.of(session, [post.id, other.id])
    assert {key: [row.id for row in rows] for key, rows in found.items()} == {
        post.id: [third.id, first.id],
        other.id: [second.id],
    }
    rows = session.connection().execute(media.OF_POSTS, {"post_ids": [post.id, other.id, 5]}).all()
    assert {(row.post_id, row.id, row.file, row.meta["small"]["width"]) for row in rows} == {
        (post.id, third.id, "c.png", 640),
        (post.id, first.id, "a.png", 640),
        (other.id, second.id, "b.png", 640),
    }


def test_what_cannot_be_attached(session, hanako):
    harukaze = factories.member(session, "harukaze")
    post, mine, hers = note(session, hanako), upload(session, hanako), upload(session, harukaze, "b")
    five = [upload(session, hanako, f"n{number}").id for number in range(5)]
    for chosen in ([hers.id], [12345], [mine.id, hers.id], five):
        with pytest.raises(Invalid) as refused:
            media.attach(session, post, chosen)
        assert refused.value.field == "media_ids"
    session.execute(update(Media).where(Media.id == mine.id).values(state=media.WAITING))
    session.expire_all()
    with pytest.raises(Invalid, match="準備"):
        media.attach(session, post, [mine.id])
    session.execute(update(Media).where(Media.id == mine.id).values(state=media.READY))
    session.expire_all()
    media.attach(session, post, [mine.id])
    with pytest.raises(Invalid):
        media.attach(session, note(session, hanako), [mine.id])


def test_no_picture_joins_a_member_to_a_hidden_question(session, hanako):
    question = factories.anonymous_question(session, hanako)
    with pytest.raises(Invalid):
        media.attach(session, question, [upload(session, hanako).id])


def test_rearranged_by_an_edit(session, hanako):
    first, second, third = (upload(session, hanako, name) for name in "abc")
    post = note(session, hanako)
    media.attach(session, post, [first.id, second.id])
    before = post.touched
    assert not media.rearrange(session, post, [first.id, second.id])
    session.refresh(post)
    assert post.touched == before
    assert media.rearrange(session, post, [third.id, first.id])
    session.refresh(post)
    assert post.touched == before + 1
    assert [row.id for row in media.of(session, [post.id])[post.id]] == [third.id, first.id]
    assert second.post_id is None
    media.attach(session, note(session, hanako), [second.id])
    with pytest.raises(Invalid):
        media.rearrange(session, post, [second.id])


def test_kept_for_a_post_that_is_yet_to_come(session, hanako, town):
    kept, post = upload(session, hanako), note(session, hanako)
    media.keep_for(session, account_id=hanako.id, scheduled_id=7, media_ids=[kept.id])
    with pytest.raises(Invalid):
        media.attach(session, post, [kept.id])
    with pytest.raises(Conflict):
        media.discard(session, account_id=hanako.id, media_id=kept.id)
    town.clock.advance(days=9)
    assert media.forgotten(session) == []
    media.attach(session, post, [kept.id], scheduled_id=7)
    assert (kept.post_id, kept.scheduled_id) == (post.id, None)
    other = upload(session, hanako, "b")
    media.keep_for(session, account_id=hanako.id, scheduled_id=8, media_ids=[other.id])
    media.release_scheduled(session, 8)
    assert other.scheduled_id is None


def test_described_before_and_after_it_is_attached(session, hanako, told):
    picture = upload(session, hanako, description=" 机 ")
    assert picture.description == "机"
    post = note(session, hanako)
    told()
    media.describe(session, account_id=hanako.id, media_id=picture.id, focus=(0.5, -3))
    assert picture.meta == META | {"focus": {"x": 0.5, "y": -1.0}}
    media.attach(session, post, [picture.id])
    before = post.touched
    assert told() == []
    media.describe(session, account_id=hanako.id, media_id=picture.id, description="机の上")
    session.refresh(post)
    assert post.touched == before + 1
    assert told() == [events.PostEdited(post.id)]
    media.describe(session, account_id=hanako.id, media_id=picture.id, description="机の上")
    assert told() == []
    media.describe(
        session, account_id=hanako.id, media_id=picture.id, preview="new.png", small=media.sized(64, 64)
    )
    assert (picture.preview, picture.meta["small"]) == ("new.png", media.sized(64, 64))
    assert [row.file for row in media.forgotten(session)] == ["a-small.png"]
    with pytest.raises(Invalid) as refused:
        media.describe(session, account_id=hanako.id, media_id=picture.id, description="あ" * 1_501)
    assert refused.value.field == "description"


def test_other_people_have_no_hand_in_it(session, hanako):
    harukaze, picture = factories.member(session, "harukaze"), upload(session, hanako)
    for deed in (media.own, media.describe, media.discard):
        with pytest.raises(NotFound):
            deed(session, account_id=harukaze.id, media_id=picture.id)
    assert media.own(session, account_id=hanako.id, media_id=picture.id) is picture


def test_taken_back(session, hanako):
    picture, shown, post = upload(session, hanako), upload(session, hanako, "b"), note(session, hanako)
    media.attach(session, post, [shown.id])
    with pytest.raises(Conflict):
        media.discard(session, account_id=hanako.id, media_id=shown.id)
    media.discard(session, account_id=hanako.id, media_id=picture.id)
    with pytest.raises(NotFound):
        media.own(session, account_id=hanako.id, media_id=picture.id)
    gone = media.condemn(session)
    assert [(row.file, row.preview) for row in gone] == [("a.png", "a-small.png")]
    media.remove(session, [row.id for row in gone])
    assert list(session.scalars(select(Media.id))) == [shown.id]


def test_pictures_go_with_their_post_and_with_their_day(session, hanako, town):
    shown, never, post = upload(session, hanako), upload(session, hanako, "b"), note(session, hanako)
    media.attach(session, post, [shown.id])
    media.drop(session, post)
    assert media.of(session, [post.id]) == {}
    assert [row.file for row in media.forgotten(session)] == ["a.png"]
    town.clock.advance(hours=23)
    assert len(media.forgotten(session)) == 1
    town.clock.advance(hours=2)
    assert {row.file for row in media.forgotten(session)} == {"a.png", "b.png"}
    # Attached at the last moment: nothing of it is removed.
    media.attach(session, note(session, hanako), [never.id])
    doomed = media.condemn(session)
    assert [row.file for row in doomed] == ["a.png"]
    media.remove(session, [never.id, *(row.id for row in doomed)])
    assert list(session.scalars(select(Media.id))) == [never.id]


def test_what_is_condemned_is_not_attached_any_more(session, hanako, town):
    never = upload(session, hanako)
    town.clock.advance(days=2)
    assert media.condemn(session) == [never]
    with pytest.raises(Invalid):
        media.attach(session, note(session, hanako), [never.id])


def test_released_for_redrafting(session, hanako, town):
    picture, post = upload(session, hanako), note(session, hanako)
    media.attach(session, post, [picture.id])
    town.clock.advance(days=30)
    media.release(session, media.of(session, [post.id])[post.id])
    assert media.forgotten(session) == []
    again = note(session, hanako)
    media.attach(session, again, [picture.id])
    assert media.of(session, [post.id, again.id]).keys() == {again.id}


def test_pictures_of_others(session):
    taro = factories.remote(session)
    post = note(session, taro, origin=factories.origin())
    cat = Foreign("https://yamate.example/cat.jpg", "image", "image/jpeg", width=400, height=300, focus=(0, 1))
    film = Foreign("https://yamate.example/film.mp4", "video", "video/mp4", description="海")
    assert media.set_foreign(session, post, [cat, film])
    assert post.touched == 0
    assert not media.set_foreign(session, post, [cat, film])
    shown = media.of(session, [post.id])[post.id]
    assert [(each.kind, each.remote_url) for each in shown] == [("image", cat.url), ("video", film.url)]
    assert shown[0].meta == {"original": media.sized(400, 300), "focus": {"x": 0, "y": 1}}
    ids = [each.id for each in shown]
    assert media.set_foreign(session, post, [film])
    session.refresh(post)
    assert post.touched == 1
    assert [each.id for each in media.of(session, [post.id])[post.id]] == ids[1:]
    media.drop(session, post)
    assert list(session.scalars(select(Media.id))) == []


def test_of_others_sixteen_are_kept(session):
    post = note(session, factories.remote(session), origin=factories.origin())
    media.set_foreign(
        session, post, [Foreign(f"https://yamate.example/{number}.png", "image") for number in range(20)]
    )
    assert len(media.of(session, [post.id])[post.id]) == media.MOST_FOREIGN
