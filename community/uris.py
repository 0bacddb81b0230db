"""Every address of this town, made in one place. Paths are fixed for ever: other servers keep them."""

from urllib.parse import quote


class Uris:
    """Addresses under one origin, `scheme://domain`. Handles may bear another domain (split domain)."""

    def __init__(self, scheme: str, domain: str, account_domain: str = "") -> None:
        self.scheme = scheme
        self.domain = domain  # host[:port], where ids and pages are
        self.account_domain = account_domain or domain  # host[:port], as it stands in handles
        self.homes = frozenset((self.domain, self.account_domain))  # `name@home` is one of ours
        self.origin = f"{scheme}://{domain}"
        self.actor = f"{self.origin}/actor"
        self.shared_inbox = f"{self.origin}/inbox"
        self.sisters = f"{self.origin}/sisters"

    @property
    def host(self) -> str:
        """The domain without a port: the instance actor's name."""
        return self.domain.partition(":")[0]

    def is_home(self, domain: str) -> bool:
        """Whether `name@domain` (host[:port], A-label) is one of ours: both domains are."""
        return domain.lower() in self.homes

    def without_home(self, handle: str) -> str:
        """`handle` without our own domain at its end."""
        name, at, domain = handle.rpartition("@")
        return name if at and self.is_home(domain) else handle

    def account(self, kind: str, name: str) -> str:
        """The actor id of a local account: people and the relay under /users, boards under /boards."""
        if kind == "instance":
            return self.actor
        return f"{self.origin}/{'boards' if kind == 'board' else 'users'}/{name}"

    def profile(self, name: str) -> str:
        return f"{self.origin}/@{name}"

    def behind(self, page: str) -> tuple[str, ...]:
        """The ids of those whose page `page` may be, a person's and a board's: some mention people by their pages."""
        name = page.removeprefix(self.profile(""))
        if name == page or "/" in name:
            return ()
        plain = self.without_home(name).lower()
        return self.account("person", plain), self.account("board", plain)

    def post(self, identifier: int) -> str:
        return f"{self.origin}/posts/{identifier}"

    def post_page(self, shown_name: str, identifier: int) -> str:
        """The HTML page of a post; `shown_name` is the handle of the author people are shown."""
        return f"{self.origin}/@{shown_name}/{identifier}"

    def activity(self, identifier: int) -> str:
        return f"{self.origin}/activities/{identifier}"

    def quote_stamp(self, identifier: int) -> str:
        """The consent of an author of this town to be quoted (FEP-044f)."""
        return f"{self.origin}/quotes/{identifier}"

    def tag(self, name: str) -> str:
        return f"{self.origin}/tags/{quote(name, safe='')}"

    def media(self, key: str) -> str:
        """A file of the media store."""
        return f"{self.origin}/media/{key}"

    def is_local(self, uri: str) -> bool:
        return uri == self.origin or uri.startswith(self.origin + "/")
