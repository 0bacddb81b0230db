"""The demo file read as a list of acts in the order in which they happen.

An act names people and posts by their keys in the file; what they became in the towns is the journal's to know.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

FIRST_PORT = 8001
TOWNS = ("minato", "yamate", "kawabe")


@dataclass(frozen=True, slots=True)
class TownPlan:
    slug: str
    name: str
    title: str
    port: int

    @property
    def domain(self) -> str:
        return f"localhost:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.domain}"


@dataclass(frozen=True, slots=True)
class Join:
    key: str
    town: str
    person: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FollowExpert:
    key: str
    follower: str
    expert: str


@dataclass(frozen=True, slots=True)
class Ask:
    key: str
    town: str
    question: dict[str, Any]
    board: str


@dataclass(frozen=True, slots=True)
class Answer:
    key: str
    question: str
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Solve:
    key: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Thank:
    """`by` is None when the anonymous asker of `question` gives thanks."""

    key: str
    question: str
    answer: str
    by: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Raise:
    """旗を立てる, so many days ahead as the file says."""

    key: str
    flag: dict[str, Any]
    board: str


@dataclass(frozen=True, slots=True)
class Gather:
    """旗に集まる, from one's own town."""

    key: str
    flag: str
    handle: str


Act = Join | FollowExpert | Ask | Answer | Solve | Thank | Raise | Gather


@dataclass(frozen=True)
class Script:
    towns: dict[str, TownPlan]
    people: dict[str, str]  # handle → slug of the town
    acts: list[Act]
    askers: dict[str, str | None]  # question → handle, None when the name tag is hidden


def load(first_port: int = FIRST_PORT) -> Script:
    """Read the demo file of the package; the towns listen on `first_port` and the two after it."""
    data = json.loads(files("webui.demo").joinpath("soumu-demo.json").read_text("utf-8"))
    by_name = {entry["name"]: entry["slug"] for entry in data["instances"]}
    towns = {
        entry["slug"]: TownPlan(entry["slug"], entry["name"], entry["title"], first_port + number)
        for number, entry in enumerate(data["instances"])
    }
    people = {person["username"]: by_name[person["region"]] for person in data["members"]}
    return Script(
        towns=towns,
        people=people,
        acts=[*_joins(data, people), *_follows(data, people), *_exchanges(data, by_name), *_flags(data)],
        askers={question["id"]: question.get("asked_by") for question in data["questions"]},
    )


def _flags(data: dict[str, Any]) -> Iterator[Act]:
    """The flags, each with those who gather round it."""
    boards = {category["name"]: category["slug"] for category in data["categories"]}
    for flag in data["flags"]:
        name = flag["id"]
        yield Raise(f"raise:{name}", flag, boards[flag["category"]])
        for handle in flag["joined"]:
            yield Gather(f"gather:{name}:{handle}", name, handle)


def _joins(data: dict[str, Any], people: dict[str, str]) -> Iterator[Act]:
    for person in data["members"]:
        yield Join(f"join:{person['username']}", people[person["username"]], person)


def _follows(data: dict[str, Any], people: dict[str, str]) -> Iterator[Act]:
    """Everyone who wants to learn something follows the first expert for it in another town."""
    for person in data["members"]:
        wanted = set(person["learning"])
        for expert in data["members"]:
            if people[expert["username"]] != people[person["username"]] and wanted & set(expert["skills"]):
                handle = person["username"]
                yield FollowExpert(f"follow:{handle}:{expert['username']}", handle, expert["username"])
                break


def _exchanges(data: dict[str, Any], by_name: dict[str, str]) -> list[Act]:
    """Questions, answers, choices and thanks, oldest first; what happened on one day keeps the order of the file."""
    boards = {category["name"]: category["slug"] for category in data["categories"]}
    dated: list[tuple[int, Act]] = []
    for question in data["questions"]:
        asked = question["days_ago"]
        name = question["id"]
        dated.append(
            (asked, Ask(f"ask:{name}", by_name[question["region"]], question, boards[question["category"]]))
        )
        for answer in question["answers"]:
            day = min(asked, answer.get("days_ago", asked))
            dated.append((day, Answer(f"answer:{answer['id']}", name, answer)))
            dated.extend(
                (day, Thank(f"thank:{answer['id']}:{number}", name, answer["id"], entry["by"], entry["message"]))
                for number, entry in enumerate(answer["thanks"])
            )
            if answer.get("accepted"):
                dated.append((day, Solve(f"solve:{name}", name, answer["id"])))
    dated.sort(key=lambda entry: -entry[0])
    return [act for _, act in dated]
