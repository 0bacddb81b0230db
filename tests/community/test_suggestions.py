import pytest

from community import blocks, follows, members, mutes, notes, strengths, suggestions, text
from community.suggestions import ABOUT, STRENGTHS, THANKED_BY_FRIENDS
from tests import factories


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


def names(session, account, limit=40):
    """Name and reason of each suggestion."""
    found = suggestions.of(session, factories.viewer(session, account), limit)
    return [(session.get_one(type(account), each.account_id).name, each.reason) for each in found]


def test_those_who_know_what_one_wants_to_learn_or_asked_about(session, hanako):
    strengths.choose_learnings(session, hanako.id, ["社会保険"])
    factories.question(session, hanako, tags=["備蓄"])
    factories.member(session, "both", strengths=["社会保険", "備蓄"])
    factories.member(session, "inside", strengths=["社会保険の手続き"])
    factories.member(session, "other", strengths=["契約書"])
    remote = factories.remote(session, "komorebi")
    strengths.note(session, remote.id, ["備蓄"])
    resting = factories.member(session, "resting", strengths=["備蓄"])
    members.update_profile(session, account_id=resting.id, accepting=False)
    found = names(session, hanako)
    assert found[0] == ("both", STRENGTHS)
    assert set(found[1:3]) == {("inside", STRENGTHS), ("komorebi", STRENGTHS)}
    assert ("other", STRENGTHS) not in found
    assert ("resting", STRENGTHS) not in found


def test_a_hidden_question_suggests_nobody(session, hanako):
    factories.anonymous_question(session, hanako, slug="kyuyo")
    board = factories.board(session, "kyuyo")
    factories.member(session, "sensei", strengths=[board.display_name])
    assert ("sensei", STRENGTHS) not in names(session, hanako)
    factories.question(session, hanako, slug="kyuyo")
    assert ("sensei", STRENGTHS) in names(session, hanako)


def test_those_thanked_by_people_one_follows_but_never_by_private_thanks(session, hanako):
    people = {name: factories.member(session, name) for name in ("taro", "twice", "once", "quietly", "strange")}
    follows.request(session, follower=hanako, followee=people["taro"])
    for name in ("twice", "once", "twice"):
        question = factories.question(session, people["taro"])
        factories.thank(session, people["taro"], factories.answer(session, people[name], question))
    question = factories.question(session, people["taro"])
    answer = factories.answer(session, people["quietly"], question)
    factories.thank(session, people["taro"], answer, words="ありがとう", private=True)
    other = factories.question(session, people["strange"])
    factories.thank(session, people["strange"], factories.answer(session, people["quietly"], other))
    thanked = [name for name, reason in names(session, hanako) if reason == THANKED_BY_FRIENDS]
    assert thanked == ["twice", "once"]
    assert suggestions.of(session, factories.viewer(session, hanako), 1)[0].account_id == people["twice"].id


@pytest.mark.parametrize(
    "why", ["followed", "asked", "blocked", "blocks", "muted", "dismissed", "shy", "suspended", "silenced", "moved"]
)
def test_nobody_is_suggested_who_should_not_be(session, hanako, why):
    sensei = factories.member(session, "sensei", strengths=["備蓄"], locked=why == "asked")
    strengths.choose_learnings(session, hanako.id, ["備蓄"])
    assert names(session, hanako) == [("sensei", STRENGTHS)]
    if why in ("followed", "asked"):
        follows.request(session, follower=hanako, followee=sensei)
    elif why in ("blocked", "blocks"):
        ends = (hanako, sensei) if why == "blocked" else (sensei, hanako)
        blocks.block(session, account=ends[0], target=ends[1])
    elif why == "muted":
        mutes.mute(session, account=hanako, target=sensei)
    elif why == "dismissed":
        suggestions.dismiss(session, account=hanako, target_id=sensei.id)
        suggestions.dismiss(session, account=hanako, target_id=sensei.id)
    elif why == "shy":
        sensei.discoverable = False
    elif why == "suspended":
        sensei.suspended_at = 1
    elif why == "silenced":
        sensei.silenced_at = 1
    else:
        sensei.moved_to_uri = "https://yamate.example/users/sensei"
    session.flush()
    assert names(session, hanako) == []


def test_a_new_member_meets_those_who_are_about(session, hanako):
    taro = factories.member(session, "taro")
    factories.member(session, "silent")
    notes.write(session, author=taro, body=text.from_markdown("こんにちは"), visibility="open")
    assert names(session, hanako) == [("taro", ABOUT)]
