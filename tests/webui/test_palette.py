"""Colours can be read: WCAG 2.2 AA contrast of every pair that stands on each other, by day and by night."""

import re

import pytest

from webui.staticfiles import FOLDER

PAIRS = [
    ("ink", "paper"), ("ink", "mist"), ("ink-soft", "paper"), ("ink-soft", "mist"), ("on-leaf", "leaf"),
    ("leaf", "paper"), ("leaf", "mist"), ("on-leaf-tint", "leaf-tint"), ("ink", "leaf-tint"), ("sky", "paper"),
    ("sky", "mist"), ("on-plum", "plum"), ("on-plum-tint", "plum-tint"), ("on-sun", "sun"),
    ("on-wisteria-tint", "wisteria-tint"), ("on-solved", "solved"), ("on-notice-tint", "notice-tint"),
    ("on-danger", "danger"), ("danger", "paper"), ("danger", "mist"),
]  # fmt: skip
LINES = [("line", "paper"), ("sky", "paper"), ("sky", "mist")]


def palettes() -> dict[str, dict[str, str]]:
    text = (FOLDER / "palette.css").read_text(encoding="utf-8")
    day, night = text.split("@media")
    colours = {"day": dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", day))}
    colours["night"] = colours["day"] | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", night))
    return colours


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("time", ["day", "night"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_words_can_be_read(time: str, front: str, back: str) -> None:
    colours = palettes()[time]
    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("time", ["day", "night"])
@pytest.mark.parametrize(("front", "back"), LINES)
def test_borders_and_focus_can_be_seen(time: str, front: str, back: str) -> None:
    colours = palettes()[time]
    assert contrast(colours[front], colours[back]) >= 3


def test_night_changes_every_colour_that_must_change() -> None:
    text = (FOLDER / "palette.css").read_text(encoding="utf-8")
    day, night = text.split("@media")
    names = [set(re.findall(r"--([a-z-]+):", part)) for part in (day, night)]
    assert names[0] == names[1]
