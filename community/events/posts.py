"""What became of posts themselves: said, reworded, taken back, chosen, counted."""

from dataclasses import dataclass

from community.events.bus import Event


@dataclass(frozen=True, slots=True)
class PostCreated(Event):
    """A question, answer, comment, note or flag now stands (an anonymous one: was released)."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostBroughtIn(Event):
    """A post of another server was fetched long after it was said (`community.belated`): it stands, but is no news."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostEdited(Event):
    post_id: int


@dataclass(frozen=True, slots=True)
class PostDeleted(Event):
    """A post was taken back. Its tags are gone by now; what they were stands here."""

    post_id: int
    tag_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerChosen(Event):
    """The asker chose the 決め手: the question is 解決."""

    question_id: int
    answer_id: int


@dataclass(frozen=True, slots=True)
class AnswerUnchosen(Event):
    question_id: int
    answer_id: int


@dataclass(frozen=True, slots=True)
class PollVoted(Event):
    """Somebody chose in a poll; `vote_ids` are the rows of what they chose now."""

    post_id: int
    account_id: int
    vote_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PollCounted(Event):
    """The counts of a poll of this town are to be told to those who show it, also when it has ended."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PollEnded(Event):
    """The end of the poll of the post `post_id`, of here or of elsewhere, has come."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostTakenOff(Event):
    """A moderator took a post of another server off a board of this town; it is deleted here by now."""

    post_id: int
    reason: str
