"""Key files: made once, whole, for their owner alone; anonymity keys are destroyed after ninety days."""

import threading
from pathlib import Path

import pytest

from community.config import SettingsError
from community.keyfiles import EPOCH_MS, KeyFiles

NOW = 1_790_000_000_000


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_keys_are_made_once_and_read_again(tmp_path: Path):
    made = KeyFiles.create(tmp_path / "keys")
    again = KeyFiles.create(tmp_path / "keys")
    read = KeyFiles.load(tmp_path / "keys")
    assert made.secret == again.secret == read.secret
    assert made.sealing == again.sealing == read.sealing
    assert len(made.secret) == len(made.sealing) == 32
    assert made.secret != made.sealing


def test_only_their_owner_can_read_them(tmp_path: Path):
    keys = KeyFiles.create(tmp_path / "keys")
    keys.ensure_epoch(NOW)
    assert mode(tmp_path / "keys") == 0o700
    files = list((tmp_path / "keys").iterdir())
    assert len(files) == 3
    assert {mode(path) for path in files} == {0o600}


@pytest.mark.parametrize("name", ["secret", "sealing"])
def test_a_key_open_to_others_stops_the_start(tmp_path: Path, name: str):
    KeyFiles.create(tmp_path)
    (tmp_path / name).chmod(0o640)
    with pytest.raises(SettingsError, match=rf"mode 0640\); run: chmod 600 {tmp_path / name}$"):
        KeyFiles.load(tmp_path)
    assert mode(tmp_path / name) == 0o640


@pytest.mark.parametrize("name", ["secret", "sealing"])
def test_a_missing_key_is_never_made_anew_by_the_way(tmp_path: Path, name: str):
    KeyFiles.create(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(SettingsError, match="the key file is missing; bring it back"):
        KeyFiles.load(tmp_path)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("content", [b"", b"abc", b"zz" * 32, b"\xff" * 64, b"00" * 33])
def test_a_damaged_key_is_told(tmp_path: Path, content: bytes):
    KeyFiles.create(tmp_path)
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(SettingsError, match="the key file is damaged"):
        KeyFiles.load(tmp_path)


def test_an_epoch_has_one_key(tmp_path: Path):
    keys = KeyFiles.create(tmp_path)
    epoch = keys.ensure_epoch(NOW)
    assert epoch == NOW // EPOCH_MS
    key = keys.anonymity_key(epoch)
    assert key is not None
    assert keys.ensure_epoch(NOW + 1) == epoch
    assert keys.anonymity_key(epoch) == key == KeyFiles.load(tmp_path).anonymity_key(epoch)
    assert keys.anonymity_key(epoch + 1) is None


@pytest.mark.parametrize("where", ["files", "memory"])
def test_a_key_is_destroyed_after_ninety_days(tmp_path: Path, where: str):
    keys = KeyFiles.create(tmp_path) if where == "files" else KeyFiles.in_memory()
    epochs = [keys.ensure_epoch(NOW + i * EPOCH_MS) for i in range(3)]
    assert all(keys.anonymity_key(epoch) is not None for epoch in epochs)
    keys.ensure_epoch(NOW + 3 * EPOCH_MS)
    assert keys.anonymity_key(epochs[0]) is None
    assert keys.anonymity_key(epochs[1]) is not None
    assert not (tmp_path / f"anonymity-{epochs[0]}").exists()


def test_a_key_is_destroyed_although_nobody_asks_any_more(tmp_path: Path):
    keys = KeyFiles.create(tmp_path)
    epoch = keys.ensure_epoch(NOW)
    keys.destroy_old(NOW + 2 * EPOCH_MS)
    assert keys.anonymity_key(epoch) is not None
    keys.destroy_old(NOW + 3 * EPOCH_MS)
    assert keys.anonymity_key(epoch) is None
    assert keys.anonymity_key(epoch + 3) is None  # none is made for it


def test_a_key_destroyed_by_one_process_is_gone_for_all(tmp_path: Path):
    one, other = KeyFiles.create(tmp_path), KeyFiles.create(tmp_path)
    epoch = one.ensure_epoch(NOW)
    assert other.anonymity_key(epoch) is not None
    one.ensure_epoch(NOW + 3 * EPOCH_MS)
    assert other.anonymity_key(epoch) is None


def test_many_at_once_agree_on_one_key(tmp_path: Path):
    keys = [KeyFiles.create(tmp_path) for _ in range(8)]
    found: list[bytes | None] = []

    def ask(own: KeyFiles) -> None:
        found.append(own.anonymity_key(own.ensure_epoch(NOW)))

    threads = [threading.Thread(target=ask, args=(own,)) for own in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_strange_files_among_the_keys_do_no_harm(tmp_path: Path):
    keys = KeyFiles.create(tmp_path)
    (tmp_path / "anonymity-notes.txt").write_text("ours")
    keys.ensure_epoch(NOW)
    assert (tmp_path / "anonymity-notes.txt").exists()


def test_memory_keys_differ_from_town_to_town():
    assert KeyFiles.in_memory().secret != KeyFiles.in_memory().secret
