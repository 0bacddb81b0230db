"""Who understands what: the one table of what is said or left out by the software of a host (federation reference §1).

Names are those of NodeInfo, lower case. A host whose software is not known may understand everything.
"""

PLAIN = frozenset(
    {
        "akkoma",
        "bookwyrm",
        "calckey",
        "cherrypick",
        "firefish",
        "friendica",
        "ghost",
        "gotosocial",
        "hackerspub",
        "hollo",
        "hometown",
        "iceshrimp",
        "mastodon",
        "misskey",
        "mitra",
        "peertube",
        "pixelfed",
        "pleroma",
        "sharkey",
        "takahe",
        "threads",
        "wordpress",
    }
)
"""Software that reads an Announce of a post and nothing of FEP-1b12 (§1.1). Whatever is unknown may read it."""

REFUSES_BARE_ANNOUNCE = frozenset({"lemmy"})
"""Software for which an Announce must hold an activity; a post's bare id is an error to it."""

REFUSES_CHOOSE_ANSWER = PLAIN | REFUSES_BARE_ANNOUNCE
"""Software to which ChooseAnswer says nothing: GoToSocial and Lemmy even answer it with 400 (§1.4)."""

TAKES_MOVE_FOR_ANOTHER = frozenset({"discourse", "lemmy", "mbin", "nodebb", "piefed"})
"""Software that moves topics between communities by a Move, or knows none (§1.8)."""

TAKES_BLOCK_FOR_A_BAN = frozenset({"discourse", "lemmy", "mbin", "nodebb", "piefed"})
"""Software for which a Block is what moderators do, or nothing: Lemmy answers a member's with 400 (§1.8)."""
