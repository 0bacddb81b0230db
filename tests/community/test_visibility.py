import pytest
from sqlalchemy import select

from community import blocks, follows, notes, visibility
from community.errors import NotFound
from community.models import Mention, Post
from community.text import from_markdown
from community.visibility import PUBLIC, SISTER, Viewer, narrower
from tests import factories

SEEN_BY = {
    "open": {"nobody", "sister", "member", "follower", "mentioned", "author", "remote", "remote sister"},
    "unlisted": {"nobody", "sister", "member", "follower", "mentioned", "author", "remote", "remote sister"},
    "sister": {"sister", "member", "follower", "mentioned", "author", "remote sister"},
    "town": {"member", "follower", "mentioned", "author"},
    "followers": {"follower", "mentioned", "author"},
    "direct": {"mentioned", "author"},
}


@pytest.fixture
def people(session):
    author, follower = factories.member(session, "author"), factories.member(session, "follower")
    follows.request(session, follower=follower, followee=author)
    factories.sister(session, "yamate.example")
    return {
        "author": author,
        "follower": follower,
        "mentioned": factories.member(session, "mentioned"),
        "member": factories.member(session, "member"),
        "remote": factories.remote(session, "taro", "far.example"),
        "remote sister": factories.remote(session, "jiro", "yamate.example"),
    }


@pytest.mark.parametrize("level", SEEN_BY)
def test_who_sees_what(session, people, level):
    post = notes.write(
        session,
        author=people["author"],
        body=from_markdown("雨です"),
        visibility=level,
        mentions=[people["mentioned"]],
    )
    viewers = {name: visibility.viewer_of(session, account) for name, account in people.items()}
    viewers |= {"nobody": PUBLIC, "sister": SISTER}
    seen = {name for name, viewer in viewers.items() if visibility.may_see(session, viewer, post)}
    assert seen == SEEN_BY[level]
    listed = {
        name
        for name, viewer in viewers.items()
        if session.scalars(select(Post.id).where(visibility.visible_to(viewer))).all() == [post.id]
    }
    assert listed == seen


def test_whom_the_author_blocks_sees_nothing_of_theirs(session):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    question = factories.question(session, hanako)
    blocks.block(session, account=hanako, target=taro)
    viewer = factories.viewer(session, taro)
    assert session.scalars(select(Post.id).where(Post.id == question.id, visibility.visible_to(viewer))).all() == []
    assert not visibility.may_see(session, viewer, question)
    assert visibility.may_see(session, factories.viewer(session, hanako), question)


def test_a_request_to_follow_is_not_yet_a_follow(session):
    author = factories.member(session, "author", locked=True)
    follower = factories.member(session, "follower")
    follows.request(session, follower=follower, followee=author)
    post = notes.write(session, author=author, body=from_markdown("雨です"), visibility="followers")
    assert not visibility.may_see(session, Viewer(follower.id), post)


@pytest.mark.parametrize("gone", ["deleted", "suspended"])
def test_what_is_gone_is_seen_by_nobody(session, clock, gone):
    author = factories.member(session, "author")
    post = factories.question(session, author)
    if gone == "deleted":
        post.deleted_at = clock()
    else:
        author.suspended_at = clock()
    session.flush()
    for viewer in (PUBLIC, SISTER, Viewer(author.id, role="admin")):
        with pytest.raises(NotFound):
            visibility.require(session, viewer, post.id)


def test_missing_and_hidden_sound_the_same(session):
    post = factories.question(session, factories.member(session, "author"), visibility="town")
    messages = set()
    for post_id in (post.id, 12345):
        with pytest.raises(NotFound) as error:
            visibility.require(session, PUBLIC, post_id)
        messages.add(error.value.message)
    assert len(messages) == 1


def test_a_mention_in_a_wide_post_widens_nothing(session):
    stranger = factories.remote(session)
    post = factories.question(session, factories.member(session, "author"), visibility="town")
    session.add(Mention(post_id=post.id, account_id=stranger.id))
    session.flush()
    assert not visibility.may_see(session, visibility.viewer_of(session, stranger), post)


def test_the_narrower_of_two():
    assert narrower("open", "sister") == narrower("sister", "open") == "sister"
    assert narrower("town", "direct") == "direct"
