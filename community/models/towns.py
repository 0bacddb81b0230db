"""Other towns and hosts, and what this town remembers of itself."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Millis, Model


class SisterTown(Model):
    """姉妹まち: a town that both sides named. Sister-only questions go there and may be fetched from there."""

    __tablename__ = "sister_towns"

    domain: Mapped[str] = mapped_column(Text, primary_key=True)  # host[:port], lower case
    created_at: Mapped[int] = mapped_column(Millis)


class DomainRule(Model):
    """How this town treats a host and everything below it. Only `suspend` is acted on today."""

    __tablename__ = "domain_rules"

    domain: Mapped[str] = mapped_column(Text, primary_key=True)
    policy: Mapped[str] = mapped_column(String(16))  # suspend
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[int] = mapped_column(Millis)
