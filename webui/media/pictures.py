"""Pictures made safe and small. Whatever comes in is decoded and drawn anew: nothing of the file itself goes out again.

So no place, camera, comment or hidden document travels along, and nobody downstream meets a file made to break readers.
The only module that knows Pillow and blurhash, and it loads them when the first picture comes.
"""

import io
import warnings
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from community.errors import Invalid

if TYPE_CHECKING:
    from PIL.Image import Image

ACCEPTED = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
SIZE_MOST = 16 * 1024 * 1024
"""Bytes of a file that is sent to us."""
MATRIX_MOST = 33_177_600
"""Pixels of a picture that is sent to us (7680 x 4320)."""

KEPT_MATRIX = 8_294_400  # pixels of what is kept: 3840 x 2160
KEPT_SIDE = 16_383  # what WebP can hold
SMALL_SIDE = 640
AVATAR_SIDE = 400
HEADER_WIDTH, HEADER_SHAPE = 1500, 3  # and a third of the width high
EMOJI_SIDE = 128
_MOVING_MATRIX = 160_000_000  # pixels of all frames of a moving picture that is sent to us
_FRAMES_MOST = 1_000
_MOVING_KEPT = 16_000_000  # and of what is kept: beyond, it is made smaller
_HASHED_SIDE = 32
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_STRANGE = (OSError, ValueError, TypeError, IndexError, KeyError, SyntaxError, EOFError, OverflowError, MemoryError)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A finished file."""

    body: bytes
    mime: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What a post shows: the picture, a small one for lists, and the blur that stands there until it has come."""

    whole: Encoded
    small: Encoded
    blurhash: str


def of_post(file: IO[bytes]) -> Picture:
    """A picture for a post. Moving ones go on moving. Raises Invalid("file") for what cannot be taken."""
    opened = _open(file)
    try:
        moves = opened.format in {"GIF", "WEBP"} and getattr(opened, "n_frames", 1) > 1
        whole = _moving(opened) if moves else None
        still = _upright(opened)
    except Exception as error:
        if not _is_strange(error):
            raise
        raise _unreadable() from error
    if whole is None:
        whole = _encode(_within_matrix(still), _kept_format(opened.format, still))
    return Picture(whole, _small(still), _blur(still))


def small(file: IO[bytes]) -> Encoded:
    """A small picture that stands for another one (`thumbnail`). Raises Invalid("thumbnail")."""
    return _small(_still(file, "thumbnail"))


def avatar(file: IO[bytes]) -> Encoded:
    """A square of at most AVATAR_SIDE, cut from the middle. Raises Invalid("avatar")."""
    still = _still(file, "avatar")
    side = min(AVATAR_SIDE, *still.size)
    return _encode(_fit(still, (side, side)), "PNG" if _is_clear(still) else "JPEG")


def header(file: IO[bytes]) -> Encoded:
    """Three times as wide as high, at most HEADER_WIDTH wide, cut from the middle. Raises Invalid("header")."""
    still = _still(file, "header")
    width = max(HEADER_SHAPE, min(HEADER_WIDTH, still.width, still.height * HEADER_SHAPE))
    cut = _fit(still, (width, width // HEADER_SHAPE))
    return _encode(cut, "PNG" if _is_clear(still) else "JPEG")


def emoji(file: IO[bytes]) -> Encoded:
    """A picture to stand among letters, at most EMOJI_SIDE wide and high. Raises Invalid("file")."""
    return _encode(_within(_still(file, "file"), EMOJI_SIDE), "PNG")


def drawn(size: int, ground: str, layers: list[tuple[list[list[tuple[float, float]]], str, float]]) -> bytes:
    """A square PNG of filled polygons on `ground`, edges smoothed: each layer has outlines (0 to 1), colour, opacity."""
    image, draw = _pil().Image, _pil().ImageDraw
    fine = 4  # points of the drawing for one of the picture, each way
    canvas = image.new("RGB", (size * fine, size * fine), ground)
    for outlines, colour, opacity in layers:
        mask = image.new("L", canvas.size, 0)
        for outline in outlines:
            points = [(x * size * fine, y * size * fine) for x, y in outline]
            draw.Draw(mask).polygon(points, fill=round(255 * opacity))
        canvas.paste(colour, mask=mask)
    return _encode(canvas.reduce(fine).quantize(64), "PNG").body


def _open(file: IO[bytes], field: str = "file") -> "Image":
    """The picture in `file`, its head read and nothing more. What it is, its first bytes say, not its name."""
    file.seek(0, io.SEEK_END)
    if file.tell() > SIZE_MOST:
        raise Invalid(field, "画像は%(limit)sMBまでにしてください。", limit=SIZE_MOST // 1024**2)
    file.seek(0)
    try:
        opened: Image = _pil().Image.open(file, formats=_FORMATS)
    except Exception as error:
        if not _is_strange(error):
            raise
        raise _unreadable(field) from error
    if opened.width * opened.height > MATRIX_MOST:
        raise Invalid(field, "画像が大きすぎます。縦×横を%(limit)s万画素までにしてください。", limit=MATRIX_MOST // 10_000)
    return opened


def _still(file: IO[bytes], field: str) -> "Image":
    try:
        return _upright(_open(file, field))
    except Exception as error:
        if not _is_strange(error):
            raise
        raise _unreadable(field) from error


def _is_strange(error: Exception) -> bool:
    """Whether a picture, and not our code, is to blame: it is too large, or no decoder understands it."""
    return isinstance(error, (*_pil().bombs, *_STRANGE))


def _unreadable(field: str = "file") -> Invalid:
    return Invalid(field, "この画像は読めませんでした。JPEG、PNG、GIF、WebP、AVIFの画像を選んでください。")


def _upright(opened: "Image") -> "Image":
    """The first frame as plain 8-bit sRGB, turned as its camera was held, bare of everything else."""
    if opened.format == "JPEG" and opened.width * opened.height > 2 * KEPT_MATRIX:
        opened.draft("RGB", (opened.width // 2, opened.height // 2))  # decodes at a part of the size: less memory
    opened.seek(0)
    opened.load()
    turned = _pil().ImageOps.exif_transpose(opened)
    plain = _plain(_in_srgb(turned))
    plain.info = {}
    return plain


def _plain(image: "Image") -> "Image":
    """As L, RGB or RGBA."""
    if image.mode.startswith(("I", "F")):  # 16 bits and more of grey: a plain conversion would only cut them off
        grey = image.convert("F")
        return grey.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        clear = image.convert("RGBA")
        return clear if _is_clear(clear) else clear.convert("RGB")
    return image.copy() if image.mode in {"L", "RGB"} else image.convert("L" if image.mode == "1" else "RGB")


def _in_srgb(image: "Image") -> "Image":
    """Colours of a wide camera profile as sRGB, for the profile itself does not stay."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK"}:
        return image
    cms = _pil().ImageCms
    try:
        source = cms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in cms.getProfileDescription(source).casefold():
            return image
        target = "RGBA" if image.mode == "RGBA" else "RGB"
        converted: Image | None = cms.profileToProfile(image, source, cms.createProfile("sRGB"), outputMode=target)
    except (cms.PyCMSError, *_STRANGE):
        return image  # a broken profile: the colours are a little off
    return image if converted is None else converted


def _is_clear(image: "Image") -> bool:
    """Whether anything shines through."""
    if image.mode != "RGBA":
        return False
    extremes: Any = image.getchannel("A").getextrema()
    return bool(extremes[0] < 255)


def _kept_format(name: str | None, still: "Image") -> str:
    if name in {"PNG", "GIF", "WEBP"}:
        return name
    return "PNG" if _is_clear(still) else "JPEG"  # not every app shows AVIF


def _moving(opened: "Image") -> Encoded:
    """A moving GIF or WebP, each frame drawn anew at its own pace."""
    frames = getattr(opened, "n_frames", 1)
    matrix = frames * opened.width * opened.height
    if frames > _FRAMES_MOST or matrix > _MOVING_MATRIX:
        raise Invalid("file", "動く画像が大きすぎます。小さくするか、短くしてください。")
    scale = min(1.0, (_MOVING_KEPT / matrix) ** 0.5)
    durations: list[int] = []
    drawn_anew: list[Image] = []
    for number in range(frames):
        opened.seek(number)
        opened.load()
        durations.append(max(20, int(opened.info.get("duration") or 100)))
        frame = _scaled(opened.convert("RGBA"), scale)
        frame.info = {}
        drawn_anew.append(frame)
    out = io.BytesIO()
    first, others = drawn_anew[0], drawn_anew[1:]
    how: dict[str, Any] = {"disposal": 2} if opened.format == "GIF" else {"quality": 80, "method": 3}
    first.save(
        out, opened.format, save_all=True, append_images=others, duration=durations,
        loop=int(opened.info.get("loop", 0)), **how,
    )  # fmt: skip
    return Encoded(out.getvalue(), f"image/{str(opened.format).lower()}", first.width, first.height)


def _encode(image: "Image", name: str) -> Encoded:
    how: dict[str, Any] = {
        "JPEG": {"quality": 88, "progressive": True, "optimize": True},
        "WEBP": {"quality": 85, "method": 4},
    }.get(name, {})
    out = io.BytesIO()
    image.save(out, name, **how)
    return Encoded(out.getvalue(), f"image/{name.lower()}", image.width, image.height)


def _small(still: "Image") -> Encoded:
    return _encode(_within(still, SMALL_SIDE), "WEBP")


def _within(image: "Image", side: int) -> "Image":
    """Not larger than `side` each way; never made larger."""
    scale = min(1.0, side / max(image.size))
    return _scaled(image, scale)


def _within_matrix(image: "Image") -> "Image":
    scale = min(1.0, (KEPT_MATRIX / (image.width * image.height)) ** 0.5, KEPT_SIDE / max(image.size))
    return _scaled(image, scale)


def _scaled(image: "Image", scale: float) -> "Image":
    if scale >= 1:
        return image
    size = (max(1, int(image.width * scale)), max(1, int(image.height * scale)))
    return image.resize(size, _pil().Image.Resampling.LANCZOS, reducing_gap=2.0)


def _fit(image: "Image", size: tuple[int, int]) -> "Image":
    fitted: Image = _pil().ImageOps.fit(image, size, _pil().Image.Resampling.LANCZOS)
    return fitted


def _blur(still: "Image") -> str:
    tiny = _within(still, _HASHED_SIDE)
    if tiny.mode == "RGBA":
        ground = _pil().Image.new("RGBA", tiny.size, "white")
        tiny = _pil().Image.alpha_composite(ground, tiny)
    tiny = tiny.convert("RGB")
    if hasattr(tiny, "get_flattened_data"):
        # blurhash asks by a name that Pillow gives up.
        vars(tiny)["getdata"] = tiny.get_flattened_data
    across, down = (4, 3) if tiny.width >= tiny.height else (3, 4)
    found: str = _pil().blurhash.encode(tiny, across, down)
    return found


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The libraries, once they are loaded. Typed loosely: they come late."""

    Image: Any
    ImageCms: Any
    ImageDraw: Any
    ImageOps: Any
    blurhash: Any
    bombs: tuple[type[Exception], ...]


@cache
def _pil() -> _Loaded:
    import blurhash  # type: ignore[import-untyped] # noqa: PLC0415 - a town that shows no picture need not hold them
    from PIL import Image, ImageCms, ImageDraw, ImageOps  # noqa: PLC0415

    Image.MAX_IMAGE_PIXELS = MATRIX_MOST  # also where the size shows only while decoding (frames of a GIF)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    return _Loaded(Image, ImageCms, ImageDraw, ImageOps, blurhash, bombs)
