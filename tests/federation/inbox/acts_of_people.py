"""What people do to each other: follow, block, report, move, join in; each says it and looks at what came of it."""

from typing import Any

from sqlalchemy import select

from community import follows
from community.models import (
    Account,
    Block,
    Follow,
    Join,
    Pin,
    Post,
    Report,
)
from federation import actors
from tests import factories
from tests.federation.inbox import acts_of_posts, mail
from tests.federation.inbox.dialects import BOARD, HANAKO, Speaker
from tests.federation.inbox.scene import Scene
from tests.peer_shapes import Document


def follow(scene: Scene) -> Document:
    activity = scene.them.says("Follow", HANAKO, to=[HANAKO], state="pending")
    scene.deliver(activity)
    rows = scene.session.execute(select(Follow.follower_id, Follow.followee_id, Follow.state)).all()
    assert rows == [(scene.mika.id, scene.hanako.id, "accepted")]
    return activity


def follow_board(scene: Scene) -> Document:
    activity = scene.them.says("Follow", BOARD, to=[BOARD])
    scene.deliver(activity)
    board = factories.board(scene.session)
    assert scene.session.execute(select(Follow.follower_id, Follow.followee_id, Follow.state)).all() == [
        (scene.mika.id, board.id, "accepted")
    ]
    return activity


def undo_follow(scene: Scene) -> None:
    scene.deliver(scene.them.undo(follow_board(scene)))
    assert scene.count(Follow) == 0


def _asked(scene: Scene) -> tuple[Follow, Document]:
    """はなこ asked to follow them; the Follow as it went out."""
    row = follows.request(scene.session, follower=scene.hanako, followee=scene.mika)
    return row, {"type": "Follow", "id": row.uri, "actor": HANAKO, "object": scene.mika.uri}


def accept(scene: Scene) -> None:
    row, asked = _asked(scene)
    scene.deliver(scene.them.says("Accept", asked, to=[HANAKO]))
    assert row.state == "accepted"


def reject(scene: Scene) -> None:
    _, asked = _asked(scene)
    scene.deliver(scene.them.says("Reject", asked, to=[HANAKO]))
    assert scene.session.scalars(select(Follow).where(Follow.state != "rejected")).all() == []


def update_actor(scene: Scene) -> None:
    scene.deliver(scene.them.says("Update", scene.them.actor(name="みかん", updated="2026-03-31T23:55:00Z")))
    assert scene.mika.display_name == "みかん"


def delete_actor(scene: Scene) -> None:
    post = acts_of_posts.answer(scene)
    activity = scene.them.says("Delete", scene.mika.uri)
    mail.deliver(scene.session, activity, buried=scene.mika.uri)
    scene.session.expire_all()
    assert scene.mika.deleted_at is not None
    assert post.deleted_at is not None


def block(scene: Scene) -> Document:
    scene.followed()
    activity = scene.them.says("Block", HANAKO, to=[HANAKO])
    scene.deliver(activity)
    assert scene.session.execute(select(Block.account_id, Block.target_id)).all() == [(scene.mika.id, scene.hanako.id)]
    assert scene.count(Follow) == 0
    return activity


def undo_block(scene: Scene) -> None:
    scene.deliver(scene.them.undo(block(scene)))
    assert scene.count(Block) == 0


def flag(scene: Scene) -> None:
    """Who reports differs: the server, the person; and what: people, posts, one or several."""
    about: Any = [HANAKO, scene.question.uri]
    if scene.them.software in ("lemmy", "piefed", "nodebb", "mbin"):
        about = scene.question.uri
    elif scene.them.software == "misskey":
        about = HANAKO
    scene.deliver(scene.them.says("Flag", about, to=[HANAKO], content="気になります"))
    ((target, comment),) = scene.session.execute(select(Report.target_id, Report.comment)).all()
    assert (target, comment) == (scene.hanako.id, "気になります")


def move(scene: Scene) -> None:
    scene.followed()
    new = f"https://{scene.them.software}-new.example/users/mika"
    there = Speaker(scene.them.software).actor() | {
        "id": new, "inbox": f"{new}/inbox", "outbox": f"{new}/outbox", "followers": f"{new}/followers", "url": new,
        "endpoints": {}, "publicKey": None, "alsoKnownAs": [scene.mika.uri],
    }  # fmt: skip
    old = scene.them.actor(movedTo=new)
    mail.deliver(scene.session, scene.them.says("Move", scene.mika.uri, target=new, to=[f"{scene.mika.uri}/followers"]), old, there)
    rows = select(Account.uri).join(Follow, Follow.followee_id == Account.id).where(Follow.follower_id == scene.hanako.id)
    assert scene.session.scalars(rows).all() == [new]


def _shows_first(scene: Scene) -> tuple[Post, Document]:
    actors.upsert(scene.session, scene.them.actor(featured=f"{scene.mika.uri}/featured"))
    said = acts_of_posts.note(scene)
    activity = scene.them.says("Add", said.uri, target=f"{scene.mika.uri}/featured")
    scene.deliver(activity)
    return said, activity


def add_featured(scene: Scene) -> None:
    said, _ = _shows_first(scene)
    assert scene.session.execute(select(Pin.account_id, Pin.post_id)).all() == [(scene.mika.id, said.id)]


def remove_featured(scene: Scene) -> None:
    said, _ = _shows_first(scene)
    scene.deliver(scene.them.says("Remove", said.uri, target=f"{scene.mika.uri}/featured"))
    assert scene.count(Pin) == 0


def join(scene: Scene) -> Document:
    raised = factories.flag(scene.session, scene.hanako)
    activity = scene.them.says("Join", raised.uri, to=[HANAKO])
    scene.deliver(activity)
    assert scene.session.execute(select(Join.post_id, Join.account_id)).all() == [(raised.id, scene.mika.id)]
    return activity


def undo_join(scene: Scene) -> None:
    scene.deliver(scene.them.undo(join(scene)))
    assert scene.count(Join) == 0
