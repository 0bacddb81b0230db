"""`machi emoji`: the town's own emoji from the command line."""

from community import emojis, media
from tests.webui.media import photos
from tests.webui.test_cli import machi, one_line, read, settings

__all__ = ["machi", "settings"]


def test_added_listed_and_taken_away(machi, settings, tmp_path):
    picture = tmp_path / "neko.gif"
    picture.write_bytes(photos.moving("GIF"))
    result = machi("emoji", "add", ":neko:", picture, "--category", "動物", "--config", settings)
    assert (result.status, result.err) == (0, "")
    assert ":neko:" in result.out
    name, address, category = machi("emoji", "list", "--config", settings).out.strip().split("\t")
    assert (name, category) == ("neko", "動物")
    file = tmp_path / "media" / address.removeprefix("https://minato.example/media/")
    assert file.read_bytes().startswith(b"\x89PNG")
    assert [row.shortcode for row in read(settings, emojis.of_town)] == ["neko"]
    assert machi("emoji", "remove", "neko", "--config", settings).status == 0
    assert machi("emoji", "list", "--config", settings).out == ""
    assert [row.file for row in read(settings, media.forgotten)] == [str(file.relative_to(tmp_path / "media"))]


def test_what_is_refused_leaves_nothing(machi, settings, tmp_path):
    picture, words = tmp_path / "neko.png", tmp_path / "words.txt"
    picture.write_bytes(photos.png())
    words.write_text("猫")
    assert machi("emoji", "add", "neko", picture, "--config", settings).status == 0
    before = set((tmp_path / "media").rglob("*.*"))
    for arguments in (("neko", picture), ("ne-ko", picture), ("inu", words)):
        result = machi("emoji", "add", *arguments, "--config", settings)
        assert result.status == 1
        one_line(result)
    assert set((tmp_path / "media").rglob("*.*")) == before
    assert machi("emoji", "add", "inu", tmp_path / "nothing.png", "--config", settings).status == 2
    assert machi("emoji", "remove", "inu", "--config", settings).status == 1
