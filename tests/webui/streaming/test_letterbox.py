"""Between the processes beside an SQLite file: sockets in a folder, whatever becomes of those who read them."""

import socket
import subprocess
import sys
from pathlib import Path

from community.storage import letterbox
from tests.webui.streaming.conftest import Start, until

ENGINES = ["sqlite"]


async def test_the_folder_is_private_and_empty_after_the_end(start: Start) -> None:
    here = await start()
    folder = letterbox.folder_of(here.app_settings.database.url)
    assert folder is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.iterdir())) == 1
    here.line._box.close()  # type: ignore[attr-defined]
    assert list(folder.iterdir()) == []


async def test_a_killed_process_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "machi.db.live"
    code = (
        "import socket, sys, time\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])\n"
        "print('there', flush=True); time.sleep(60)\n"
    )
    folder.mkdir(mode=0o700)
    place = tmp_path / "s"  # a short way to it: the address of a socket has little room
    with subprocess.Popen([sys.executable, "-c", code, str(place)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        place.rename(folder / "left")
        process.kill()
    heard: list[bytes] = []
    box, other = letterbox.Letterbox(folder, heard.append), letterbox.Letterbox(folder, heard.append)
    box.open()
    other.open()
    box.send(b"hello")
    await until(lambda: heard == [b"hello"])
    assert not (folder / "left").exists()
    letterbox.send_once(folder, b"from a command")
    await until(lambda: len(heard) == 3)  # both hear it
    box.close()
    other.close()
    letterbox.send_once(folder, b"to nobody")
    letterbox.send_once(tmp_path / "never was", b"to nobody")


async def test_a_deep_folder_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a folder with a long name"] * 6) / "machi.db.live"
    folder.parent.mkdir(parents=True)
    heard: list[bytes] = []
    box, other = letterbox.Letterbox(folder, heard.append), letterbox.Letterbox(folder, heard.append)
    box.open()
    other.open()
    box.send(b"hello")
    await until(lambda: heard == [b"hello"])
    box.close()
    other.close()


async def test_a_process_that_does_not_read_gets_it_later_and_holds_up_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "f.live"
    heard: list[bytes] = []
    box, other = letterbox.Letterbox(folder, lambda _: None), letterbox.Letterbox(folder, heard.append)
    box.open()
    sleeper = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sleeper.bind(str(folder / "asleep"))
    other.open()
    texts = [f"{number:05}".encode() for number in range(1_500)]
    for text in texts:
        box.send(text)  # returns at once although one of the two reads nothing
    await until(lambda: len(heard) == len(texts))
    assert heard == texts
    sleeper.setblocking(False)
    read: list[bytes] = []

    def wake() -> bool:
        try:
            while True:
                read.append(sleeper.recv(100))
        except BlockingIOError:
            return len(read) == len(texts)

    await until(wake)
    assert read == texts
    sleeper.close()
    box.close()
    other.close()
