from community import blocks, directory, follows, mutes, notes, text
from community.visibility import PUBLIC
from tests import factories


def test_the_directory_in_both_orders(session, clock):
    hanako, taro, shy = (factories.member(session, name) for name in ("hanako", "taro", "shy"))
    shy.discoverable = False
    clock.advance(minutes=1)
    ken = factories.remote(session, "ken")
    notes.write(session, author=taro, body=text.from_markdown("こんにちは"), visibility="open")
    assert directory.listed(session, PUBLIC, order="new") == [ken.id, taro.id, hanako.id]
    assert directory.listed(session, PUBLIC)[0] == taro.id
    assert directory.listed(session, PUBLIC, order="new", local=True) == [taro.id, hanako.id]
    assert directory.listed(session, PUBLIC, order="new", limit=1, offset=1) == [taro.id]
    mutes.mute(session, account=hanako, target=taro)
    blocks.block(session, account=ken, target=hanako, uri="https://yamate.example/b/1")
    assert directory.listed(session, factories.viewer(session, hanako), order="new") == [hanako.id]


def test_handles(session):
    hanako = factories.member(session, "hanako")
    ken = factories.remote(session, "ken", "mast.example:8443")
    for typed in ("hanako", "@HANAKO", "hanako@minato.example", "ｈａｎａｋｏ"):
        assert directory.by_handle(session, typed) == hanako.id, typed
    assert directory.by_handle(session, "@ken@mast.example:8443") == ken.id
    for typed in ("", "ken", "@ken@mast.example", "nobody", "@", "a@b@c"):
        assert directory.by_handle(session, typed) is None, typed
    hanako.suspended_at = 1
    session.flush()
    assert directory.by_handle(session, "hanako") is None


def test_familiar_followers_are_named_once_and_only_by_those_who_show_it(session):
    hanako, taro, jiro, star = (
        factories.member(session, name) for name in ("hanako", "taro", "jiro", "star")
    )
    for follower, followee in ((hanako, taro), (hanako, jiro), (taro, star), (jiro, star), (hanako, star)):
        follows.request(session, follower=follower, followee=followee)
    assert directory.familiar_followers(session, hanako.id, [star.id, 5]) == {star.id: []}
    star.hides_collections = taro.hides_collections = False
    session.flush()
    assert directory.familiar_followers(session, hanako.id, [star.id]) == {star.id: [taro.id]}
    jiro.hides_collections = False
    session.flush()
    assert directory.familiar_followers(session, hanako.id, [star.id]) == {star.id: [jiro.id, taro.id]}
