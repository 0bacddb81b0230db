from community.models import Account, Post
from webui.pages.conversation import DEEPEST, _walk


def post(number: int) -> Post:
    return Post(id=number)


def test_the_order_in_which_it_is_read() -> None:
    people = {number: Account(id=number, name=str(number)) for number in range(20)}
    comments = {1: [post(2), post(3)], 2: [post(4), post(5)], 4: [post(6)], 6: [post(7)], 7: [post(8)]}
    said = _walk(comments, people, 1)
    assert [it.post.id for it in said] == [2, 4, 6, 7, 8, 5, 3]
    assert [it.depth for it in said] == [0, 1, 2, 2, 2, 1, 0]
    assert max(it.depth for it in said) == DEEPEST
    assert [it.to.name if it.to else "" for it in said] == ["", "", "", "6", "7", "", ""]


def test_however_deep_it_goes() -> None:
    people = {number: Account(id=number) for number in range(1, 5_002)}
    comments = {number: [post(number + 1)] for number in range(1, 5_001)}
    assert len(_walk(comments, people, 1)) == 5_000
