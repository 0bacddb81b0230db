from sqlalchemy import select

from community import (
    account_notes,
    blocks,
    domain_blocks,
    endorsements,
    follows,
    lists,
    members,
    mutes,
    suggestions,
    tag_follows,
)
from community.models import (
    AccountNote,
    Block,
    DomainBlock,
    Endorsement,
    FeaturedTag,
    FollowedTag,
    ListMember,
    MemberList,
    Mute,
    SuggestionDismissal,
)
from tests import factories


def test_nothing_between_a_member_who_leaves_and_others_stays(session):
    names = ("hanako", "taro", "jiro")
    hanako, taro, jiro = (factories.member(session, name) for name in names)
    for one, other in ((hanako, taro), (taro, hanako)):
        follows.request(session, follower=one, followee=other)
        endorsements.endorse(session, account=one, target=other)
        lists.add(session, row=lists.create(session, account=one, title="人"), accounts=[other])
        mutes.mute(session, account=one, target=other)
        account_notes.put(session, account=one, target=other, comment="覚え書き")
        suggestions.dismiss(session, account=one, target_id=other.id)
        domain_blocks.block(session, account=one, domain="yamate.example")
        tag_follows.follow(session, account=one, name="36協定")
        tag_follows.feature(session, account=one, name="36協定")
    blocks.block(session, account=hanako, target=jiro)
    blocks.block(session, account=jiro, target=hanako)
    factories.member(session, "kanri", role="admin")
    members.leave(session, account_id=hanako.id)
    for model in (AccountNote, Block, Endorsement, ListMember, Mute, SuggestionDismissal):
        assert session.scalars(select(model)).all() == [], model
    for model in (DomainBlock, FeaturedTag, FollowedTag, MemberList):
        assert set(session.scalars(select(model.account_id))) == {taro.id}, model
