"""Every stored document of other software goes through the strict reader and the tolerant ones."""

import pytest
from sqlalchemy.orm import Session

from community.errors import CommunityError
from federation.inbox.inbound import Ignored
from federation.vocabulary.notes import is_note, read_note
from federation.vocabulary.parse import is_actor, read_actor
from federation.vocabulary.reading import Unreadable
from tests import factories
from tests.federation.inbox import mail


@pytest.mark.parametrize("name", mail.FILES)
def test_every_document_is_read(session: Session, name: str) -> None:
    document = mail.load(name)
    if name.endswith("key_stub"):
        return
    if is_actor(document):
        assert read_actor(document).id == document["id"]
    elif is_note(document):
        assert read_note(document).id == document["id"]
    else:
        factories.member(session, "hanako")
        try:
            mail.deliver(session, document)
        except (Ignored, CommunityError) as reason:
            assert str(reason)


def test_mastodon_actor() -> None:
    actor = read_actor(mail.load("mastodon/actor"))
    assert (actor.kind, actor.name, actor.display_name) == ("person", "ken", "けん :verified:")
    assert actor.shared_inbox == "https://m.example/inbox"
    assert actor.url == "https://m.example/@ken"
    assert actor.key_id == "https://m.example/users/ken#main-key"
    assert actor.strengths == ("労務", "社会保険", "契約書")
    assert [field.name for field in actor.fields] == ["ブログ"]
    assert actor.avatar_url == "https://files.m.example/avatars/ken.png"


def test_what_an_actor_has_lies_on_its_own_host() -> None:
    """Else it could have our letters sent to others, or speak by a key of theirs."""
    told, there = mail.load("mastodon/actor"), "https://other.example/inbox"
    elsewhere = dict.fromkeys(("outbox", "followers", "featured"), there) | {"endpoints": {"sharedInbox": there}}
    key = told["publicKey"] | {"id": "https://other.example/users/ken#main-key"}
    actor = read_actor(told | elsewhere | {"publicKey": key})
    assert (actor.outbox, actor.followers, actor.featured, actor.shared_inbox) == (None, None, None, None)
    assert (actor.key_id, actor.public_key_pem) == (None, None)
    with pytest.raises(Unreadable, match="no inbox"):
        read_actor(told | {"inbox": there})


def test_misskey_actor() -> None:
    actor = read_actor(mail.load("misskey/actor"))
    assert (actor.kind, actor.name, actor.display_name) == ("person", "ai", "藍")
    assert actor.shared_inbox == "https://mi.example/inbox"
    assert actor.header_url is None


def test_gotosocial_actor_has_a_key_at_its_own_address_and_no_shared_inbox() -> None:
    actor = read_actor(mail.load("gotosocial/actor"))
    assert actor.key_id == "https://g.example/users/zora/main-key"
    assert actor.shared_inbox is None
    assert actor.locked
    assert not actor.discoverable
    assert [field.name for field in actor.fields] == ["サイト"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lemmy/group", "board"), ("lemmy/person", "person"), ("piefed/group", "board"), ("machi/board", "board"),
        ("machi/relay", "relay"), ("machi/instance", "instance"), ("machi/member", "person"),
    ],
)  # fmt: skip
def test_kinds_of_actors(name: str, kind: str) -> None:
    assert read_actor(mail.load(name)).kind == kind


def test_a_member_of_ours_brings_strengths_and_the_mark_of_samples() -> None:
    actor = read_actor(mail.load("machi/member"))
    assert actor.strengths == ("社会保険", "防災・BCP")
    assert actor.sample


def test_mastodon_note() -> None:
    note = read_note(mail.load("mastodon/create_reply")["object"])
    assert note.in_reply_to == f"{mail.HERE}/posts/1"
    assert note.language == "ja"
    assert note.context == "https://m.example/contexts/111"
    assert note.mentions == (f"{mail.HERE}/users/hanako",)
    assert note.summary == ""


def test_gotosocial_writes_single_values_where_others_write_lists() -> None:
    note = read_note(mail.load("gotosocial/create_reply")["object"])
    assert note.public
    assert note.mentions == (f"{mail.HERE}/users/hanako",)


def test_lemmy_page() -> None:
    note = read_note(mail.load("lemmy/page"))
    assert note.name == "防災用品の期限管理はどうしていますか"
    assert note.source == "水と食料です。"
    assert note.language == "ja"
    assert note.audience == ("https://l.example/c/soumu",)
    assert 'href="https://news.example/bousai"' in note.html


def test_misskey_source_is_no_markdown_and_milliseconds_are_read() -> None:
    note = read_note(mail.load("misskey/create_reply")["object"])
    assert note.source == ""
    assert note.published == 1_775_001_540_123


def test_a_vote_in_a_poll_is_known_as_one() -> None:
    assert read_note(mail.load("mastodon/create_poll_vote")["object"]).is_vote


def test_our_own_decorations_come_off() -> None:
    note = read_note(mail.load("machi/update_solved")["object"])
    assert note.html == "<p>引っ越したばかりです。</p>"
    assert note.source == "引っ越したばかりです。"
    assert note.tags == ("ごみ",)
    assert note.accepted_answer == f"{mail.HERE}/posts/3"
