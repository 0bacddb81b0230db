"""Other towns and hosts, and what this town remembers of itself."""

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Id, Millis, Model


class SisterTown(Model):
    """姉妹まち: a town that both sides named. Sister-only questions go there and may be fetched from there."""

    __tablename__ = "sister_towns"

    domain: Mapped[str] = mapped_column(Text, primary_key=True)  # host[:port], lower case
    created_at: Mapped[int] = mapped_column(Millis)
    # asked: we asked them; asking: they asked us; agreed: both sides said yes
    state: Mapped[str] = mapped_column(String(16), default="agreed", server_default="agreed")
    offer_uri: Mapped[str | None] = mapped_column(Text)  # of the Offer, whoever made it
    note: Mapped[str] = mapped_column(Text, default="", server_default="")  # what the asking side wrote
    agreed_at: Mapped[int | None] = mapped_column(Millis)


class TownTraffic(Model):
    """How many topics went to and came from another town in one month. Never of people, never who."""

    __tablename__ = "town_traffic"

    domain: Mapped[str] = mapped_column(Text, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)  # YYYY-MM
    questions_in: Mapped[int] = mapped_column(default=0)
    questions_out: Mapped[int] = mapped_column(default=0)
    answers_in: Mapped[int] = mapped_column(default=0)
    answers_out: Mapped[int] = mapped_column(default=0)
    thanks_in: Mapped[int] = mapped_column(default=0)
    thanks_out: Mapped[int] = mapped_column(default=0)


class DomainRule(Model):
    """How this town treats a host and everything below it (`community.towns`)."""

    __tablename__ = "domain_rules"

    domain: Mapped[str] = mapped_column(Text, primary_key=True)
    policy: Mapped[str] = mapped_column(String(16))  # suspend | silence | noop | allow
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[int] = mapped_column(Millis)
    id: Mapped[int] = mapped_column(Id, unique=True)  # as the admin API knows it
    public_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    reject_media: Mapped[bool] = mapped_column(default=False, server_default=false())
    reject_reports: Mapped[bool] = mapped_column(default=False, server_default=false())
    obfuscate: Mapped[bool] = mapped_column(default=False, server_default=false())


class Report(Model):
    """通報: somebody asks the town to look at an account or some posts."""

    __tablename__ = "reports"
    __table_args__ = (Index(None, "action_taken_at", "id"), Index(None, "target_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    uri: Mapped[str] = mapped_column(Text, unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))  # who reports; of a remote one its server
    target_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    post_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    rule_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    category: Mapped[str] = mapped_column(String(16), default="other")  # spam | legal | violation | other
    comment: Mapped[str] = mapped_column(Text, default="")
    forwarded: Mapped[bool] = mapped_column(default=False)
    assigned_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    action_taken_at: Mapped[int | None] = mapped_column(Millis)
    action_taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[int] = mapped_column(Millis)
    updated_at: Mapped[int] = mapped_column(Millis)


class Announcement(Model):
    """まちからのお知らせ, shown to every member."""

    __tablename__ = "announcements"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[int | None] = mapped_column(Millis)
    ends_at: Mapped[int | None] = mapped_column(Millis)
    all_day: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[int] = mapped_column(Millis)
    updated_at: Mapped[int] = mapped_column(Millis)


class AnnouncementDismissal(Model):
    __tablename__ = "announcement_dismissals"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id"), primary_key=True, autoincrement=False)


class AnnouncementReaction(Model):
    __tablename__ = "announcement_reactions"
    __table_args__ = (UniqueConstraint("announcement_id", "account_id", "name"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(Text)  # an emoji, or the shortcode of a custom one
