"""Pictures of posts from elsewhere: rows with the address at which they lie there."""

from random import Random

from bench.seeding.people import Ids, Person
from bench.seeding.rows import Table
from community.models import Media, Model

_HASHES = ("UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH", "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "LGF5]+Yk^6#M@-5c,1J5@[or[Q6.")
_SIZES = ((1280, 960), (1080, 1920), (800, 800), (2048, 1365))


class Pictures:
    def __init__(self, pick: Random, ids: Ids) -> None:
        self._pick, self._ids = pick, ids
        self.tables: dict[type[Model], Table] = {Media: Table(Media)}

    def attach(self, author: Person, post_id: int, moment: int) -> None:
        """Give a post of somebody elsewhere one to three pictures."""
        for position in range(self._pick.choice((1, 1, 1, 2, 3))):
            identifier = self._ids(moment)
            width, height = self._pick.choice(_SIZES)
            address = f"https://media.{author.domain}/media_attachments/files/{identifier:x}"
            self.tables[Media].add(
                id=identifier, account_id=author.id, post_id=post_id, position=position, state="ready", kind="image",
                mime="image/jpeg", remote_url=f"{address}/original.jpeg", remote_preview_url=f"{address}/small.jpeg",
                description="倉庫の棚の写真" if self._pick.random() < 0.6 else "", blurhash=self._pick.choice(_HASHES),
                meta={
                    "original": {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height},
                    "focus": {"x": 0.0, "y": 0.0},
                },
                created_at=moment,
            )  # fmt: skip
