"""What the town says and hears of itself and of others."""

from dataclasses import dataclass

from community.events.bus import Event


@dataclass(frozen=True, slots=True)
class ReportFiled(Event):
    report_id: int


@dataclass(frozen=True, slots=True)
class HostSuspended(Event):
    """A host is refused from now on, and what lies below it as well."""

    domain: str


@dataclass(frozen=True, slots=True)
class SisterAsked(Event):
    """The operator of this town asked another to become 姉妹まち."""

    domain: str


@dataclass(frozen=True, slots=True)
class SisterAccepted(Event):
    """A yes of this town to the request of another: to the one that is stored, or to `offer_uri`."""

    domain: str
    offer_uri: str | None = None


@dataclass(frozen=True, slots=True)
class SisterAgreed(Event):
    """From now on the two are 姉妹まち, whoever asked."""

    domain: str


@dataclass(frozen=True, slots=True)
class SisterEnded(Event):
    """A request or an agreement is over; the row is gone. `ours`: the request was ours; `told`: the other side has to hear of it."""

    domain: str
    offer_uri: str | None
    ours: bool
    told: bool


@dataclass(frozen=True, slots=True)
class AnnouncementChanged(Event):
    """まちからのお知らせ was put up, or says something else."""

    announcement_id: int


@dataclass(frozen=True, slots=True)
class AnnouncementReacted(Event):
    """A member set a reaction to an announcement, or took it back."""

    announcement_id: int
    name: str


@dataclass(frozen=True, slots=True)
class AnnouncementRemoved(Event):
    announcement_id: int
