"""Whatever is asked of discovery, and however an Accept header is bent: an answer, and never an exception."""

import contextlib

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from community.uris import Uris
from federation import discovery
from federation.negotiation import wants_activity, wants_page

URIS = Uris("https", "minato.example", "kotae.example")
_PIECES = st.sampled_from(
    [
        "acct:",
        "https://",
        "@",
        ":",
        "/",
        "minato.example",
        "kotae.example",
        "hanako",
        "users/",
        "%40",
        "[",
        "]",
        "#",
        "?",
        "みなと",
        "\x00",
        "xn--",
        "..",
    ]
)
_TYPES = st.sampled_from(
    [
        "application/activity+json",
        "application/ld+json",
        "text/html",
        "*/*",
        ";",
        ",",
        "q=",
        "0.5",
        "nan",
        "-1",
        '"',
        "\\",
        "profile=",
        " ",
        "=",
    ]
)


@given(st.one_of(st.text(), st.lists(_PIECES).map("".join)))
def test_a_resource_names_one_of_ours_or_nobody(resource: str) -> None:
    with contextlib.suppress(discovery.Malformed):
        found = discovery.named(URIS, resource)
        if found is not None:
            assert found.name == found.name.lower()
            assert set(found.kinds) <= set(discovery.EVERY_KIND)
            assert "/" not in found.name


@given(st.one_of(st.lists(_TYPES).map("".join), st.text(st.characters(min_codepoint=32, max_codepoint=126))))
def test_an_accept_header_asks_for_one_or_the_other(accept: str) -> None:
    request: web.Request = make_mocked_request("GET", "/users/hanako", headers={"Accept": accept})
    assert not (wants_activity(request) and wants_page(request))
