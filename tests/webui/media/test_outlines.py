import io

from PIL import Image

from webui.media import outlines


def test_an_avatar_depends_on_the_id_alone():
    drawn = {outlines.avatar(identifier) for identifier in range(1, 40)}
    assert len(drawn) > 30
    assert outlines.avatar(7) == outlines.avatar(7)


def test_it_is_a_small_square_of_points():
    for identifier in range(1, 40):  # leaves, waves, hills and sprouts are among them
        body = outlines.avatar(identifier)
        image = Image.open(io.BytesIO(body))
        assert (image.format, image.size) == ("PNG", (264, 264))
        assert len(body) < 8_000
        assert len(image.convert("RGB").getcolors(256) or range(256)) > 2


def test_it_shows_what_the_drawing_says(monkeypatch):
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 88 88" width="88" height="88">'
        '<rect width="88" height="88" fill="#ffffff"/>'
        '<circle cx="22" cy="22" r="10" fill="#ff0000"/>'
        '<path d="M0 66V88H44V66Z" fill="#0000ff" opacity="0.5"/>'
        '<path d="M44 0C44 22 66 22 66 0Z" fill="#00ff00" transform="rotate(180 44 44)"/>'
        '<path d="M66 40q0 10 0 20" stroke="#000000" stroke-width="4" fill="none"/></svg>'
    )
    monkeypatch.setattr(outlines.avatars, "draw", lambda _: svg)
    image = Image.open(io.BytesIO(outlines.avatar(1))).convert("RGB")

    def at(x, y):
        return image.getpixel((x * 3, y * 3))

    assert (at(22, 22), at(22, 36), at(10, 60)) == ((255, 0, 0), (255, 255, 255), (255, 255, 255))
    assert at(10, 80) == (127, 127, 255)
    assert (at(33, 84), at(55, 4)) == ((0, 255, 0), (255, 255, 255))  # turned round
    assert (at(66, 50), at(70, 50)) == ((0, 0, 0), (255, 255, 255))


def test_no_header_is_a_calm_colour():
    image = Image.open(io.BytesIO(outlines.missing_header())).convert("RGB")
    assert image.getcolors() == [(48 * 48, (0xE3, 0xF3, 0xEC))]
