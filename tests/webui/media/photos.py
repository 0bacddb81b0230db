"""Pictures as people send them: with places, comments and profiles inside, turned, moving, or made to break readers."""

import io
import struct
import zlib

from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

SECRET = b"35.6895 N somewhere private"
GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


def scene(width: int = 600, height: int = 400, mode: str = "RGB") -> Image.Image:
    """Sky over a green field with a red sun on the left: one sees at once how it lies."""
    image = Image.new("RGB", (width, height), "#8fc7ef")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 2 // 3, width, height), fill="#4c9a3f")
    draw.ellipse((width // 12, height // 12, width // 4, height // 12 + width // 6), fill="#e02020")
    return image.convert(mode)


def as_bytes(image: Image.Image, name: str, **how) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **how)
    return out.getvalue()


def file(body: bytes) -> io.BytesIO:
    return io.BytesIO(body)


def jpeg(width: int = 600, height: int = 400, *, orientation: int = 1) -> bytes:
    """As a telephone makes it: place, maker, comment and profile inside."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = orientation, SECRET.decode()
    exif.get_ifd(GPS)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return as_bytes(
        scene(width, height), "JPEG", exif=exif, comment=SECRET, icc_profile=profile, quality=90,
        xmp=b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>",
    )  # fmt: skip


def png(mode: str = "RGB", width: int = 600, height: int = 400) -> bytes:
    facts = PngImagePlugin.PngInfo()
    facts.add_text("Comment", SECRET.decode())
    facts.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return as_bytes(scene(width, height, mode), "PNG", pnginfo=facts, dpi=(72, 72))


def clear_png(width: int = 300, height: int = 300) -> bytes:
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((20, 20, width - 20, height - 20), fill=(200, 30, 60, 255))
    return as_bytes(image, "PNG")


def moving(name: str, frames: int = 4, width: int = 120, height: int = 80) -> bytes:
    images = []
    for number in range(frames):
        image = scene(width, height)
        ImageDraw.Draw(image).rectangle((number * 20, 40, number * 20 + 15, 55), fill="#202020")
        images.append(image)
    how = {"comment": SECRET} if name == "GIF" else {"xmp": SECRET}
    return as_bytes(
        images[0], name, save_all=True, append_images=images[1:], duration=[100, 200, 300, 400][:frames] or 100, loop=0,
        **how,
    )  # fmt: skip


def flicker(frames: int) -> bytes:
    """A GIF of one point that changes its mind all the time."""
    head = b"GIF89a" + struct.pack("<HH", 1, 1) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0" + b"\x02\x02\x44\x01\0"
    return head + frame * frames + b";"


def huge_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few bytes that say they are 3,600 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")
