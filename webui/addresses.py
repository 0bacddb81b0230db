"""The addresses of pages: of people, of boards, of posts."""

from urllib.parse import quote

from community.models import Account, Post


def of_account(account: Account) -> str:
    """The profile of a person or the page of a board, of here or of elsewhere."""
    return "/@" + quote(account.handle, safe="@:")


def of_post(post: Post, shown: Account) -> str:
    """The page of `post`, whose shown author is `shown`. What stands in a thread leads on to its place there."""
    return f"{of_account(shown)}/{post.id}"


def in_thread(root: Post, shown: Account, post_id: int) -> str:
    """The place of a post on the page of its thread."""
    address = of_post(root, shown)
    return address if post_id == root.id else f"{address}#post-{post_id}"
