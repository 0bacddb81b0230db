import pytest
from sqlalchemy import select

from community import events, follows, notes, tags
from community.errors import Invalid
from community.models import HomeEntry, Notification
from community.text import from_markdown
from tests import factories

BODY = from_markdown("今日は静かです。")


def test_a_note_of_a_member(session, told):
    hanako, harukaze = factories.member(session, "hanako"), factories.member(session, "harukaze")
    told()
    note = notes.write(
        session,
        author=hanako,
        body=BODY,
        visibility="unlisted",
        mentions=[harukaze],
        tags=["日々"],
        summary="天気",
    )
    assert (note.kind, note.root_id, note.board_id, note.summary) == ("note", note.id, None, "天気")
    assert tags.labels_of(session, note) == ["日々"]
    assert told() == [events.PostCreated(note.id)]
    assert session.scalars(select(Notification.kind).where(Notification.account_id == harukaze.id)).all() == [
        "mention"
    ]


def test_a_note_of_somebody_followed_elsewhere_comes_home_once(session):
    hanako, taro = factories.member(session, "hanako"), factories.remote(session)
    follows.accept(session, follow=follows.request(session, follower=hanako, followee=taro))
    facts = {"author": taro, "body": BODY, "visibility": "open", "origin": factories.origin()}
    unknown = "https://far.example/notes/9"
    note = notes.write(session, in_reply_to_uri=unknown, **facts)
    assert notes.write(session, **facts) is note
    assert (note.parent_id, note.in_reply_to_uri, note.local) == (None, unknown, False)
    assert session.get(HomeEntry, (hanako.id, note.id)) is not None


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("body", {"body": from_markdown("")}),
        ("body", {"body": from_markdown("あ" * 5001)}),
        ("visibility", {"visibility": "everyone"}),
        ("tags", {"tags": [str(n) for n in range(9)]}),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(session, field, facts):
    hanako = factories.member(session, "hanako")
    with pytest.raises(Invalid) as error:
        notes.write(session, author=hanako, **({"body": BODY, "visibility": "open"} | facts))
    assert error.value.field == field
