import io

import pytest
from PIL import Image, ImageCms

from community.errors import Invalid
from tests.webui.media import photos
from webui.media import pictures


def look(encoded: pictures.Encoded) -> Image.Image:
    image = Image.open(io.BytesIO(encoded.body))
    image.load()
    assert (image.size, Image.MIME[image.format]) == ((encoded.width, encoded.height), encoded.mime)
    return image


def near(pixel, colour, by=24) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel[:3], colour, strict=True))


RED, GREEN, SKY = (224, 32, 32), (76, 154, 63), (143, 199, 239)


def test_a_photo_keeps_its_looks_and_loses_everything_else():
    picture = pictures.of_post(photos.file(photos.jpeg(1200, 800)))
    image = look(picture.whole)
    assert (image.format, image.size) == ("JPEG", (1200, 800))
    assert not image.getexif()
    assert {"exif", "comment", "icc_profile", "xmp"}.isdisjoint(image.info)
    assert photos.SECRET not in picture.whole.body
    assert b"GPS" not in picture.whole.body
    assert near(image.getpixel((200, 166)), RED)
    assert near(image.getpixel((600, 780)), GREEN)
    small = look(picture.small)
    assert (small.format, small.size) == ("WEBP", (640, 426))
    assert near(small.convert("RGB").getpixel((320, 10)), SKY)
    assert len(picture.blurhash) == 28  # four by three


@pytest.mark.parametrize(
    ("orientation", "sun"), [(3, "right below"), (6, "right above"), (8, "left below"), (2, "right above")]
)
def test_it_is_turned_as_the_camera_was_held(orientation, sun):
    image = look(pictures.of_post(photos.file(photos.jpeg(600, 400, orientation=orientation))).whole)
    assert image.size == ((400, 600) if orientation in (6, 8) else (600, 400))
    red = [(x, y) for x in range(0, image.width, 5) for y in range(0, image.height, 5) if near(image.getpixel((x, y)), RED)]
    x = sum(x for x, _ in red) / len(red) / image.width
    y = sum(y for _, y in red) / len(red) / image.height
    assert sun == ("right" if x > 0.5 else "left") + (" below" if y > 0.5 else " above")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "I;16"])
def test_pngs_of_every_kind(mode):
    sent = photos.png(mode) if mode != "I;16" else photos.as_bytes(Image.new("I;16", (600, 400), 40_000), "PNG")
    picture = pictures.of_post(photos.file(sent))
    image = look(picture.whole)
    assert (image.format, image.size) == ("PNG", (600, 400))
    assert photos.SECRET not in picture.whole.body
    assert not image.info
    if mode == "I;16":
        assert image.getpixel((5, 5)) in range(154, 159)  # 40,000 of 65,535, not simply white


def test_what_is_clear_stays_clear():
    picture = pictures.of_post(photos.file(photos.clear_png()))
    assert look(picture.whole).getpixel((2, 2))[3] == 0
    assert look(picture.small).convert("RGBA").getpixel((2, 2))[3] == 0


@pytest.mark.parametrize("name", ["GIF", "WEBP"])
def test_moving_ones_go_on_moving(name):
    picture = pictures.of_post(photos.file(photos.moving(name)))
    image = look(picture.whole)
    assert (image.format, image.n_frames, image.size) == (name, 4, (120, 80))
    assert photos.SECRET not in picture.whole.body
    paces = []
    for number in range(4):
        image.seek(number)
        image.load()
        paces.append(image.info["duration"])
        assert near(image.convert("RGB").getpixel((number * 20 + 7, 47)), (32, 32, 32))
    assert paces == [100, 200, 300, 400]
    assert getattr(look(picture.small), "n_frames", 1) == 1


def test_a_long_film_becomes_smaller_and_an_endless_one_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "_MOVING_KEPT", 4 * 60 * 40)
    image = look(pictures.of_post(photos.file(photos.moving("GIF"))).whole)
    assert (image.size, image.n_frames) == ((60, 40), 4)
    monkeypatch.setattr(pictures, "_MOVING_MATRIX", 4 * 120 * 80 - 1)
    with pytest.raises(Invalid, match="動く画像"):
        pictures.of_post(photos.file(photos.moving("GIF")))


def test_a_thousand_tiny_frames_are_refused_before_any_is_drawn(monkeypatch):
    """They weigh some bytes each, and are pictures of their own once they are decoded."""
    drawn = []
    monkeypatch.setattr(pictures, "_scaled", lambda image, scale: drawn.append(image) or image)
    with pytest.raises(Invalid, match="動く画像"):
        pictures.of_post(photos.file(photos.flicker(pictures._FRAMES_MOST + 1)))
    assert drawn == []


def test_avif_becomes_what_every_app_shows():
    still = pictures.of_post(photos.file(photos.as_bytes(photos.scene(), "AVIF")))
    assert look(still.whole).format == "JPEG"
    clear = Image.open(io.BytesIO(photos.clear_png()))
    assert look(pictures.of_post(photos.file(photos.as_bytes(clear, "AVIF"))).whole).format == "PNG"


def test_what_is_larger_than_anybody_needs_becomes_smaller():
    image = look(pictures.of_post(photos.file(photos.jpeg(6000, 4000))).whole)
    assert image.width * image.height <= pictures.KEPT_MATRIX
    assert abs(image.width / image.height - 1.5) < 0.01


def test_a_very_thin_one_stays_a_picture():
    picture = pictures.of_post(photos.file(photos.as_bytes(Image.new("RGB", (30_000, 1), "red"), "PNG")))
    assert look(picture.small).size == (640, 1)
    assert look(picture.whole).width <= 16_383


def test_wide_colours_are_told_in_those_that_everybody_has():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()  # fits no RGB picture: left aside
    sent = photos.as_bytes(photos.scene(), "JPEG", icc_profile=profile)
    assert near(look(pictures.of_post(photos.file(sent)).whole).getpixel((300, 390)), GREEN)
    cmyk = photos.as_bytes(photos.scene().convert("CMYK"), "JPEG")
    image = look(pictures.of_post(photos.file(cmyk)).whole)
    assert image.mode == "RGB"
    assert near(image.getpixel((300, 390)), GREEN)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"\x00\x00\x00\x20ftypisom" + b"\0" * 200,
        photos.jpeg()[:4000],
        photos.png()[:400],
        photos.moving("GIF")[:250],
        photos.as_bytes(photos.scene(), "TIFF"),
        photos.as_bytes(photos.scene(), "BMP"),
        photos.huge_png(),
    ],
    ids=["empty", "stub", "svg", "html", "pdf", "film", "half-jpeg", "half-png", "half-gif", "tiff", "bmp", "huge"],
)
def test_what_is_no_picture_for_us_is_refused(sent):
    for deed in (pictures.of_post, pictures.avatar, pictures.header, pictures.emoji, pictures.small):
        with pytest.raises(Invalid):
            deed(photos.file(sent))


def test_limits_of_bytes_and_of_points(monkeypatch):
    monkeypatch.setattr(pictures, "SIZE_MOST", 1_000)
    with pytest.raises(Invalid) as refused:
        pictures.avatar(photos.file(photos.jpeg()))
    assert refused.value.field == "avatar"
    monkeypatch.setattr(pictures, "SIZE_MOST", 1_000_000)
    monkeypatch.setattr(pictures, "MATRIX_MOST", 600 * 400 - 1)
    with pytest.raises(Invalid, match="大きすぎます"):
        pictures.of_post(photos.file(photos.jpeg()))


def test_a_gif_whose_frames_outgrow_it_is_refused():
    sent = bytearray(photos.moving("GIF", frames=1))
    at = sent.index(b"\x2c", 13 + 3 * (2 << (sent[10] & 7)))
    sent[at + 5 : at + 9] = b"\xff\xff\xff\xff"  # the one frame says it is 65,535 points each way
    with pytest.raises(Invalid) as refused:
        pictures.of_post(photos.file(bytes(sent)))
    assert isinstance(refused.value.__cause__, pictures._pil().bombs)  # before a place was made for it


def test_avatars_headers_and_emoji():
    assert look(pictures.avatar(photos.file(photos.jpeg(1200, 800)))).size == (400, 400)
    assert look(pictures.avatar(photos.file(photos.jpeg(90, 60)))).size == (60, 60)
    assert look(pictures.avatar(photos.file(photos.clear_png()))).format == "PNG"
    assert look(pictures.header(photos.file(photos.jpeg(4000, 2000)))).size == (1500, 500)
    assert look(pictures.header(photos.file(photos.jpeg(600, 400)))).size == (600, 200)
    assert look(pictures.header(photos.file(photos.jpeg(1, 1)))).size == (3, 1)
    assert look(pictures.emoji(photos.file(photos.moving("GIF")))).size == (120, 80)
    assert look(pictures.emoji(photos.file(photos.clear_png()))).size == (128, 128)
