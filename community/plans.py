"""When, where and for how many: what a 旗 has besides its words, and how that reads where there are only words."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from community import text
from community.errors import Invalid
from community.models import Gathering

JAPAN = timezone(timedelta(hours=9), "JST")
"""The towns' clock; Japan has no summer time."""

FORM_MOST, PLACE_MOST = 40, 200
MINUTES_MOST = 7 * 24 * 60
CAPACITY_LEAST, CAPACITY_MOST = 2, 1_000
AHEAD_MOST = 366 * 86_400_000
"""How far ahead (milliseconds) a gathering may be planned."""

OPEN_END = 24 * 3_600_000
"""A gathering that does not say how long it takes is over so many milliseconds after its start."""

_MINUTE = 60_000
_WEEKDAYS = "月火水木金土日"
_MOST_COUNTED = 10**7  # what another town says of its flag is shown, and no more than this
_LATEST = 1 << 42  # milliseconds; ids end there


@dataclass(frozen=True, slots=True)
class Plan:
    """What a 旗 has besides its words. Everything may be left open; `starts_at` is in milliseconds."""

    form: str = ""  # 作業会, 勉強会, …
    starts_at: int | None = None
    minutes: int | None = None
    place: str = ""
    capacity: int | None = None
    listening: bool = False  # 聞くだけOK

    def facts(self) -> dict[str, object]:
        """The columns of the row that keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Told:
    """What another town says of its flag: how many gather, whether it is おひらき, where the number is kept."""

    joined_count: int = 0
    closed: bool = False
    joined_uri: str | None = None


def of(gathering: Gathering) -> Plan:
    return Plan(**{name: getattr(gathering, name) for name in Plan.__slots__})


def check(plan: Plan, *, now: int, before: Plan | None = None) -> Plan:
    """`plan` as it is kept, or Invalid that names the field. A start that has passed is only kept, never chosen."""
    form, place = text.line(plan.form), text.line(plan.place)
    if len(form) > FORM_MOST:
        raise Invalid("form", "集まり方は%(most)s文字までです。", most=FORM_MOST)
    if len(place) > PLACE_MOST:
        raise Invalid("place", "場所は%(most)s文字までです。続きは本文にどうぞ。", most=PLACE_MOST)
    if plan.minutes is not None and not 1 <= plan.minutes <= MINUTES_MOST:
        raise Invalid("minutes", "長さは、1分から7日までの分数で書いてください。")
    if plan.capacity is not None and not CAPACITY_LEAST <= plan.capacity <= CAPACITY_MOST:
        raise Invalid(
            "capacity", "定員は%(least)s人から%(most)s人までです。決めないときは、空けておいてください。",
            least=CAPACITY_LEAST, most=CAPACITY_MOST,
        )  # fmt: skip
    moved = before is None or before.starts_at != plan.starts_at
    if plan.starts_at is not None and moved:
        if plan.starts_at <= now:
            raise Invalid("starts_at", "始まりの日時が過ぎています。これからの日時を書いてください。")
        if plan.starts_at > now + AHEAD_MOST:
            raise Invalid("starts_at", "始まりの日時は、1年先までにしてください。")
    return replace(plan, form=form, place=place)


def foreign(plan: Plan) -> Plan:
    """What another town says, cut to what we keep."""
    starts_at = plan.starts_at if plan.starts_at is not None and 0 < plan.starts_at < _LATEST else None
    minutes = plan.minutes if plan.minutes is not None and 1 <= plan.minutes <= MINUTES_MOST else None
    capacity = plan.capacity if plan.capacity is not None and 1 <= plan.capacity <= _MOST_COUNTED else None
    return replace(
        plan, form=text.line(plan.form)[:FORM_MOST], place=text.line(plan.place)[:PLACE_MOST],
        starts_at=starts_at, minutes=minutes, capacity=capacity,
    )  # fmt: skip


def counted(told: int) -> int:
    """A number of another town, as far as we believe it."""
    return min(max(told, 0), _MOST_COUNTED)


def ends_at(plan: Plan | Gathering) -> int | None:
    """When (milliseconds) it is over; None for one that has no start."""
    if plan.starts_at is None:
        return None
    return plan.starts_at + (OPEN_END if plan.minutes is None else plan.minutes * _MINUTE)


def is_over(gathering: Gathering, now: int) -> bool:
    """Whether nobody can gather any more: it is おひらき, or its time has passed."""
    end = ends_at(gathering)
    return gathering.closed_at is not None or (end is not None and end <= now)


def lines(plan: Plan | Gathering) -> list[str]:
    """When, where, how, for how many: one line of plain Japanese each, what is open left out. For every place that
    has only words: other servers, apps.
    """
    said = [
        f"日時：{_when(plan)}" if plan.starts_at is not None else "",
        f"場所：{plan.place}" if plan.place else "",
        f"集まり方：{plan.form}" if plan.form else "",
        f"定員：{plan.capacity}人" if plan.capacity is not None else "",
        "聞くだけOK" if plan.listening else "",
    ]
    return [line for line in said if line]


def typed(starts_at: int | None) -> str:
    """A start as a form holds it (`datetime-local`), by the towns' clock; empty for none."""
    return "" if starts_at is None else f"{_moment(starts_at):%Y-%m-%dT%H:%M}"


def from_typed(value: str) -> int | None:
    """The start that a form holds; None for none. Raises Invalid("starts_at") for what is no time."""
    if not value:
        return None
    try:
        return round(datetime.fromisoformat(value).replace(tzinfo=JAPAN).timestamp() * 1000)
    except (ValueError, OverflowError) as problem:
        raise Invalid("starts_at", "始まりの日時は、2026-11-28T09:00 のように書いてください。") from problem


def _when(plan: Plan | Gathering) -> str:
    assert plan.starts_at is not None
    start = _moment(plan.starts_at)
    said = f"{_day(start)} {start:%H:%M}"
    if plan.minutes is None:
        return f"{said}から"
    end = start + timedelta(minutes=plan.minutes)
    return f"{said}〜{end:%H:%M}" if end.date() == start.date() else f"{said}〜{_day(end)} {end:%H:%M}"


def _day(moment: datetime) -> str:
    return f"{moment.year}年{moment.month}月{moment.day}日（{_WEEKDAYS[moment.weekday()]}）"


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(JAPAN)
