"""Avatars drawn from the account id: leaves, waves or hills in the town's colours. Nobody has to show a face."""

import hashlib
from collections.abc import Iterator

_GROUNDS = (
    ("#e3f3ec", "#0b6b57", "#6fb9a0"),
    ("#e6f0fa", "#1a5fa3", "#86b3de"),
    ("#fff3d1", "#a86f00", "#f4b740"),
    ("#fdecf1", "#b8325a", "#e79ab3"),
    ("#efebfa", "#4b3a86", "#a99adb"),
    ("#eef3e2", "#55702a", "#a9c27a"),
)
"""Ground, strong colour, light colour."""


def draw(identifier: int) -> str:
    """The SVG picture for an account: 88 by 88, without text, script or reference to anything outside."""
    digits = _digits(identifier)
    ground, strong, light = _GROUNDS[next(digits) % len(_GROUNDS)]
    shape = (_leaves, _waves, _hills, _sprout)[next(digits) % 4]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 88 88" width="88" height="88">'
        f'<rect width="88" height="88" fill="{ground}"/>{shape(digits, strong, light)}</svg>'
    )


def _digits(identifier: int) -> Iterator[int]:
    """Bytes that depend on the id alone."""
    yield from hashlib.sha256(f"machi avatar {identifier}".encode()).digest()


def _leaves(digits: Iterator[int], strong: str, light: str) -> str:
    """Three to five leaves round a middle."""
    count = 3 + next(digits) % 3
    turn = next(digits) % 360
    bend = 10 + next(digits) % 8
    leaf = f"M44 42C{44 - bend} 34 {44 - bend} 18 44 10C{44 + bend} 18 {44 + bend} 34 44 42Z"
    parts = [
        f'<path d="{leaf}" fill="{strong if step % 2 == 0 else light}" '
        f'transform="rotate({(turn + step * 360 // count) % 360} 44 44)"/>'
        for step in range(count)
    ]
    return "".join(parts) + f'<circle cx="44" cy="44" r="4" fill="{strong}"/>'


def _waves(digits: Iterator[int], strong: str, light: str) -> str:
    """Rows of waves under a sun or moon."""
    height = 5 + next(digits) % 5
    length = 18 + next(digits) % 9
    across = 24 + next(digits) % 40
    parts = [
        f'<circle cx="{across}" cy="{22 + next(digits) % 8}" r="{8 + next(digits) % 5}" fill="{light}"/>'
    ]
    for row, (colour, opacity) in enumerate(((light, 1), (strong, 0.55), (strong, 1))):
        top = 46 + row * 13
        start = -(next(digits) % length)
        curve = "".join(f"q{length / 2:g} {-height * 2} {length} 0" for _ in range(120 // length + 1))
        parts.append(f'<path d="M{start} {top}{curve}V88H{start}Z" fill="{colour}" opacity="{opacity}"/>')
    return "".join(parts)


def _hills(digits: Iterator[int], strong: str, light: str) -> str:
    """Two hills and a row of small fields."""
    left, right = 20 + next(digits) % 16, 52 + next(digits) % 18
    top, second = 30 + next(digits) % 12, 40 + next(digits) % 10
    lines = "".join(
        f'<path d="M{x} 88C{x + 4} 78 {x + 10} 72 {x + 18} 68" stroke="{light}" stroke-width="2.500" fill="none"/>'
        for x in range(4 + next(digits) % 8, 84, 16)
    )
    return (
        f'<circle cx="{right}" cy="22" r="{7 + next(digits) % 4}" fill="{light}"/>'
        f'<path d="M-10 88Q{right} {second - 14} 98 88Z" fill="{light}"/>'
        f'<path d="M-14 88Q{left} {top - 12} 84 88Z" fill="{strong}"/>{lines}'
    )


def _sprout(digits: Iterator[int], strong: str, light: str) -> str:
    """A stem with pairs of leaves."""
    lean = next(digits) % 13 - 6
    pairs = 2 + next(digits) % 2
    size = 15 + next(digits) % 6
    parts = [
        f'<path d="M44 80Q{44 - lean} 52 {44 + lean} 20" stroke="{strong}" stroke-width="3" fill="none"/>'
    ]
    for pair in range(pairs):
        y = 66 - pair * (44 // pairs)
        x = 44 - lean // 3
        for side, colour in ((-1, strong), (1, light)):
            parts.append(
                f'<path d="M{x} {y}q{side * size // 2} {-size} {side * size * 3 // 2} {-size * 2 // 3}'
                f'q{-side * size // 4} {size} {-side * size * 3 // 2} {size * 2 // 3}Z" fill="{colour}"/>'
            )
    return "".join(parts) + f'<circle cx="{44 + lean}" cy="18" r="6" fill="{light}"/>'
