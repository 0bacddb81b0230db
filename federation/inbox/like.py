"""Like: a ありがとう if it says so in our terms, else いいね (federation reference §1.5)."""

from sqlalchemy.orm import Session

from community import likes, thanks
from community.models import Post
from community.thanks import ThanksOrigin
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary import terms
from federation.vocabulary.reading import moment, text_of, truth, uri


def apply(session: Session, inbound: Inbound) -> None:
    account = inbound.actor(session)
    post = known.post(session, inbound.object_uri)
    if post is not None and post.boost_of_id is not None:
        post = session.get_one(Post, post.boost_of_id)
    if post is None:
        raise Ignored("a Like of something that is not known here")
    activity = inbound.activity
    if activity.get(terms.KIND) != terms.KIND_THANKS:
        likes.like(session, account=account, post=post, uri=inbound.id)
        return
    published = moment(activity.get("published"))
    thanks.give(
        session,
        giver=account,
        answer=post,
        tone=text_of(activity.get(terms.TONE)) or None,
        from_asker=truth(activity.get(terms.ASKER)),
        origin=ThanksOrigin(
            uri=inbound.id,
            published=inbound.now if published is None else published,
            message_uri=uri(activity.get(terms.MESSAGE)),
            sample=truth(activity.get(terms.SAMPLE)),
        ),
    )
