"""What is shown of each sample, in the order of the package. A text alone stands for a status with that content."""

from collections.abc import Mapping, Sequence

from tests.interop.samples import Refused, Seen

Expected = Sequence[Seen | Refused | str]


def _link(words: str, address: str = "P", more: str = "") -> str:
    """A link whose words do not name its host: the host is written behind them."""
    return f'<a href="{address}"{more} rel="nofollow noopener ugc">{words} (127.0.0.1)</a>'


_TAGS = {
    "<b>bold</b>": "bold", "<strong>strong</strong>": "strong", "<i>italic</i>": "italic",
    f"<i>italic with.</i> See {_link('Issue 142', 'P/helge/funfedidev/issues/142')}": "italic with. See Issue 142 (127.0.0.1)",
    "<em>emphasis</em>": "emphasis", "<del>old</del>new": "oldnew", "<s>stricken</s>": "stricken", "mark": "mark",
    "find x (a variable)": "find x (a variable)", "<ol><li>ordered</li></ol>": "・ordered",
    "<ul><li>unordered</li></ul>": "・unordered", "<h1>h1</h1>": "h1", "<h2>h2</h2>": "h2", "<h3>h3</h3>": "h3",
    "<h4>h4</h4>": "h4", "<h5>h5</h5>": "h5", "<h1>h1</h1><h2>h2</h2>": "h1\n\nh2", "<code>code</code>": "code",
    "<pre>pre</pre>": "pre", "<blockquote>blockquote</blockquote>": "blockquote", "line<br>break": "line\nbreak",
    "<p>paragraph</p>": "paragraph", "small": "small", "<sup>sup</sup>": "sup", "<sub>sub</sub>": "sub",
    _link("funfedi"): "funfedi (127.0.0.1)", "": "", _link("NLNET Logo", "P/assets/nlnet.png"): "NLNET Logo (127.0.0.1)",
    "wbr: Fernstraßenbauprivatfinanzierungsgesetz": "wbr: Fernstraßenbauprivatfinanzierungsgesetz", "Audio": "Audio",
    "Video \n  \n  Video of a cow eating": "Video \n  \n  Video of a cow eating",
}  # fmt: skip
"""What is kept of each element, and its words alone. A script leaves nothing, a picture a link."""

_ANCHORS = ["funfedi", "hreflang en", "target _self", "target _blank", "fun-red-link class"]
_RELATIONS = [
    "tag", "nofollow", "opener", "noopener", "noreferrer", "custom", "me", "external", "canonical", "alternate",
]  # fmt: skip
_BAD = [
    "body", "html", "head", "title", "meta", "script", "article", "header", "footer", "form", "input", "select", "button",
]  # fmt: skip
_HASHTAGS = [
    "test", "nohash", "with-dash_under", "with white space", "with(subtag)", "with123", "1234", "CamelCase", "ümläütß",
    "🐄", "❤️", "牛",
]  # fmt: skip
_NAMED = "<p><strong>name</strong></p>content"


def _image(content: str, address: str, description: str | None = None, **more: bool) -> Seen:
    return Seen(content, [("image", f"P/{address}", description)], **more)  # type: ignore[arg-type]


EXPECTED: Mapping[str, Expected] = {
    "attachments": [
        _image("Image", "assets/cow.jpg", "a cow"),
        Seen("Video", [("video", "P/assets/cow_eating.mp4", "a cow eating grass")]),
        Seen("Audio", [("audio", "P/assets/cow_moo.mp3", "the moo sound of a cow")]),
        Seen("Audio as Document", [("audio", "P/assets/cow_moo.mp3", "the moo sound of a cow")]),
        'Link<p><a href="P" rel="nofollow noopener ugc">P</a></p>',
        "Payment Link, see FEP-0ea0",  # payto: is no address of the web
        Seen("Text document", [("unknown", "P/assets/sample.txt", "text document")]),
        Seen("Text document, href instead of url", [("unknown", "P/assets/sample.txt", "text document")]),
        "attached note",  # it has no address
        "Recipe",
        Seen("10 images", [("image", f"P/images/10{number}.png", None) for number in range(1, 11)]),
    ],
    "attributed_to": ["single element", "single element as list", "two elements as list", "a dictionary", "a dictionary"],
    "content_warnings": [
        Seen("text", sensitive=True),
        Seen("text", spoiler="summary"),
        Seen("text", spoiler="summary", sensitive=True),
        *(_image("see image", f"images/w00{number}.png", sensitive=True) for number in (1, 2, 3)),
        _image("see image", "images/w004.png", "summary", sensitive=True),
    ],
    "context": [
        "@context url as the ActivityStreams URL", "@context url is list of ActivityStreams URL",
        "@context url is list of ActivityStreams URL and Hashtag", "@context with ActivityStreams URL + w3id-fep document",
        "no @context", "@context is a broken url",
    ],
    "hashtag_jsonld": [
        Seen("text", tags=["test"]),
        Seen("using as:Hashtag", tags=["test"]),
        "no type ⚠️",
        Seen("Hashtag not in @context ⚠️", tags=["test"]),
        Seen("Hashtag not in @context; as:Hashtag", tags=["test"]),
    ],
    "hashtags": [*(Seen("text", tags=[each]) for each in _HASHTAGS), Seen("broken url parameter", tags=["test"])],
    "html_anchor": [
        *(_link(words) for words in _ANCHORS),
        _link("class mention", more=' class="mention"'),
        _link("class hashtag", more=' class="hashtag"'),
        _link("download", "P/assets/samples.zip"),
        *(_link(f"rel ${each}") for each in _RELATIONS),
    ],
    "html_bad": [f"&lt;${each}&gt;${each}" for each in _BAD],
    "html_tags": list(_TAGS),
    "html_tags_article": list(_TAGS),
    "html_tags_summary": [Seen("See summary", spoiler=words) for words in _TAGS.values()],
    "image_attachments": [
        _image("Format png", "images/001.png"), _image("Format png", "images/001b.png"),
        _image("Format jpg", "images/002.jpg"), _image("Format jpg", "images/002b.jpg"),
        _image("Format svg", "assets/FediverseLogo.svg"), _image("Format eps", "images/003.eps"),
        _image("Format gif", "images/003b.gif"), _image("Format tiff", "images/003c.tiff"),
        _image("Format webp", "images/003d.webp"), _image("url does not exit", "assets/does_not_exist.png"),
        _image("Wrong height / width", "images/004.png"), _image("No type", "images/005.png"),
        _image("url is Link object", "images/006.png"), _image("url is Link object with media type", "images/006b.png"),
        _image("url is Link object in an array", "images/006c.png"),
        _image("url is array of two Link objects", "images/007.png"),
        "inline image",  # data: is no address
    ],
    "image_description": [
        _image("no description", "images/100.png"), _image("text", "images/100.png", "name"),
        _image("text", "assets/FediverseLogo.png", "name"), _image("no comment in attachment", "assets/FediverseLogo.png"),
    ],
    "in_reply_to": [
        Seen("valid uri", answers=True),
        "invalid uri",  # what cannot be had is not waited for: the reply stands alone
        Seen("list", answers=True),
        Seen("Link in inReplyTo", answers=True),
        Seen("two elements in inReplyTo", answers=True),  # the first
        "collection",
        Seen("embedded note", answers=True),  # by its id, fetched from its origin
    ],
    "language": [
        "text",
        *(Seen("text", language=code) for code in ("de", "en", "en", "de")),
        *(Seen(words, language=code) for words, code in (("Deutsch", "de"), ("English", "en"), ("English", "en"), ("Deutsch", "de"))),
    ],
    "mentions": [
        Seen("basic mention; mention as list of dictionaries", mentions=["hanako"]),
        Seen("text @actor@pasture-one-actor; mention as dictionary", mentions=["hanako"]),
        Seen("unrelated text", mentions=["hanako"]),
        Seen("Missing Name @actor@pasture-one-actor", mentions=["hanako"]),
        "text", "text", "text",  # people whom nobody here knows
        Seen("text", mentions=["hanako"]),
        "@actor text",  # a tag without a type
        Seen("duplicate mention, see P/funfedidev/fediverse-pasture-inputs/issues/75", mentions=["hanako"]),
    ],
    "necessary_properties": [
        "All fields",
        Refused("the post has no usable id"),
        "without published",
        "without attributedTo",  # whoever says it is its author
        Refused("Create of nothing is not for us"),
    ],
    "object_types": [
        _NAMED,  # of an Article the summary is the lead, and no warning
        *[Seen(_NAMED, spoiler="summary")] * 6,
        *(Refused(f"Create of {kind} is not for us") for kind in ("Place", "Profile", "Relationship", "Tombstone")),
        *[Seen(_NAMED, spoiler="summary")] * 2,
        Refused("Create of nothing is not for us"),
    ],
    "public_addressing": ["https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"],
    "quotes": [
        Seen(content, quotes=True)
        for content in (
            "quote attribute", "quoteUri attribute", "quoteUrl attribute", "_misskey_quote attribute", "FEP-e232 tag",
        )
    ],
    "recommended_attachments": [
        _image("Recommended Image Format", "assets/cow.jpg", "A beautiful cow"),
        Seen("Recommended Video Attachment", [("video", "P/assets/cow_eating.mp4", "A beautiful cow eating")]),
        Seen("Recommended Audio Format", [("audio", "P/assets/cow_moo.mp3", "A cow mooing")]),
        Seen("Multiple formats for video", [("video", "P/assets/cow_eating.mp4", "A beautiful cow eating")]),
    ],
    "url": [
        *["text"] * 12,  # pages on other hosts than the post's own are not shown as its page
        Seen("See P/funfedidev/fediverse-pasture-inputs/issues/66", url="P/objects/123"),
    ],
}  # fmt: skip
