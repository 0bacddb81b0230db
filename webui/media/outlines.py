"""The drawn avatars as pictures of points, for apps cannot show SVG.

It reads the very SVG that `avatars.draw` writes, so both are always the same picture. It knows what that module uses of
SVG and nothing more.
"""

import itertools
import math
import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

from webui import avatars
from webui.media import pictures

SIDE = 264
"""Points each way: three for each unit of the drawing."""

_BOX = 88.0
_STEPS = 16  # straight pieces of a curve
_TOKEN = re.compile(r"[A-Za-z]|-?\d+(?:\.\d+)?")

Point = tuple[float, float]
Layer = tuple[list[list[Point]], str, float]


def avatar(identifier: int) -> bytes:
    """The avatar of an account as a PNG. It depends on the id alone."""
    root = ET.fromstring(avatars.draw(identifier))  # noqa: S314 - written by ourselves
    ground, *shapes = list(root)
    layers = [layer for shape in shapes for layer in [_layer(shape)] if layer[0]]
    return pictures.drawn(SIDE, ground.get("fill", ""), layers)


def missing_header() -> bytes:
    """What stands where somebody has no header: one calm colour."""
    return pictures.drawn(48, "#e3f3ec", [])


def _layer(shape: ET.Element) -> Layer:
    opacity = float(shape.get("opacity", "1"))
    if shape.tag.endswith("circle"):
        middle, radius = (float(shape.get("cx", "0")), float(shape.get("cy", "0"))), float(shape.get("r", "0"))
        return _fitted([_circle(middle, radius)]), shape.get("fill", ""), opacity
    outlines = _outlines(shape.get("d", ""))
    stroke = shape.get("stroke")
    if stroke is not None:
        width = float(shape.get("stroke-width", "1"))
        return _fitted([piece for line in outlines for piece in _thick(line, width)]), stroke, opacity
    return _fitted([_turned(line, shape.get("transform", "")) for line in outlines]), shape.get("fill", ""), opacity


def _fitted(outlines: list[list[Point]]) -> list[list[Point]]:
    return [[(x / _BOX, y / _BOX) for x, y in outline] for outline in outlines]


def _circle(middle: Point, radius: float, steps: int = 48) -> list[Point]:
    x, y = middle
    angles = (2 * math.pi * step / steps for step in range(steps))
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def _turned(outline: list[Point], transform: str) -> list[Point]:
    """`rotate(degrees x y)`, the one transform there is."""
    if not transform:
        return outline
    degrees, x, y = (float(each) for each in _TOKEN.findall(transform.removeprefix("rotate")))
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return [
        (x + (px - x) * cosine - (py - y) * sine, y + (px - x) * sine + (py - y) * cosine) for px, py in outline
    ]


def _thick(line: list[Point], width: float) -> Iterator[list[Point]]:
    """A line as the shapes it covers: a bar for each piece, and a round joint between two."""
    for (ax, ay), (bx, by) in itertools.pairwise(line):
        length = math.hypot(bx - ax, by - ay) or 1.0
        dx, dy = (ay - by) / length * width / 2, (bx - ax) / length * width / 2
        yield [(ax + dx, ay + dy), (bx + dx, by + dy), (bx - dx, by - dy), (ax - dx, ay - dy)]
    for joint in line[1:-1]:
        yield _circle(joint, width / 2, 12)


def _outlines(path: str) -> list[list[Point]]:
    """The lines of a path with M, C, Q, q, H, V and Z, curves as short straight pieces."""
    tokens = _TOKEN.findall(path)
    lines: list[list[Point]] = []
    at, command = 0, ""

    def take(count: int) -> list[float]:
        nonlocal at
        at += count
        return [float(each) for each in tokens[at - count : at]]

    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
        if command == "Z":
            continue
        if command == "M":
            x, y = take(2)
            lines.append([(x, y)])
        else:
            lines[-1].extend(_piece(command, lines[-1][-1], take))
    return lines


def _piece(command: str, start: Point, take: Callable[[int], list[float]]) -> list[Point]:
    x, y = start
    match command:
        case "H":
            return [(take(1)[0], y)]
        case "V":
            return [(x, take(1)[0])]
        case "C":
            ax, ay, bx, by, cx, cy = take(6)
            return _curve([start, (ax, ay), (bx, by), (cx, cy)])
        case "Q" | "q":
            ax, ay, bx, by = take(4)
            dx, dy = (x, y) if command == "q" else (0.0, 0.0)
            return _curve([start, (ax + dx, ay + dy), (bx + dx, by + dy)])
    raise ValueError(command)


def _curve(points: list[Point]) -> list[Point]:
    """A Bézier curve of any degree, without its first point."""
    found: list[Point] = []
    for step in range(1, _STEPS + 1):
        t, left = step / _STEPS, points
        while len(left) > 1:
            left = [
                (ax + (bx - ax) * t, ay + (by - ay) * t) for (ax, ay), (bx, by) in itertools.pairwise(left)
            ]
        found.append(left[0])
    return found
