import pytest
from sqlalchemy import select

from community import domain_blocks, events, follows, ids, notes, text, timelines
from community.errors import Invalid, NotAllowed
from community.models import DomainBlock
from tests import factories


def test_a_server_is_shut_out_with_its_followers_and_posts(session, told):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    komorebi, oto = factories.remote(session, "komorebi"), factories.remote(session, "oto", "kawabe.example")
    for number, other in enumerate((komorebi, oto)):
        uri = f"https://{other.domain}/f/{number}"
        follows.request(session, follower=other, followee=hanako, uri=uri)
        follows.accept(session, follow=follows.request(session, follower=hanako, followee=other))
        notes.write(
            session, author=other, body=text.from_html("<p>やあ</p>"), visibility="open",
            origin=factories.origin(f"https://{other.domain}/p/1", published=ids.moment(hanako.id)),
        )  # fmt: skip
    told()
    domain_blocks.block(session, account=hanako, domain=" https://YAMATE.example/ ")
    kinds = {type(event) for event in told()}
    assert kinds == {events.FollowRejected, events.FollowEnded}
    domain_blocks.block(session, account=hanako, domain="yamate.example")
    assert told() == []
    assert follows.followers(session, hanako.id) == follows.following(session, hanako.id) == [oto]
    home = timelines.home(session, factories.viewer(session, hanako))
    assert [post.author_id for post in home] == [oto.id]
    with pytest.raises(NotAllowed):
        follows.request(session, follower=komorebi, followee=hanako, uri="https://yamate.example/f/9")
    with pytest.raises(NotAllowed):
        follows.request(session, follower=hanako, followee=komorebi)
    follows.request(session, follower=taro, followee=komorebi)
    domain_blocks.unblock(session, account=hanako, domain="Yamate.example")
    domain_blocks.unblock(session, account=hanako, domain="これはまちではない /")
    assert session.scalars(select(DomainBlock)).all() == []
    follows.request(session, follower=komorebi, followee=hanako, uri="https://yamate.example/f/9")


@pytest.mark.parametrize("domain", ["", "a b", "minato.example", "MINATO.example"])
def test_what_is_no_other_server_is_refused(session, domain):
    hanako = factories.member(session)
    with pytest.raises(Invalid):
        domain_blocks.block(session, account=hanako, domain=domain)
