"""The key files of a town: beside the settings, outside the database and its backups, readable by their owner alone.

`secret` signs cookies and form tokens, `sealing` seals the actors' private keys in the database, and
`anonymity-<epoch>` recognises the askers of hidden name tags. An anonymity key lives 90 days: once its file is gone,
nobody can find out any more, by whatever means, which member a tag belongs to. `push` signs what goes to the push
services of devices; it is made when it is first needed.
"""

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Protocol

from community.config import SettingsError

EPOCH_MS = 30 * 24 * 3600 * 1000
_EPOCHS_KEPT = 3  # 90 days, counted from the making of the key
_SIZE = 32  # bytes
_SECRET, _SEALING, _ANONYMITY, _PUSH = "secret", "sealing", "anonymity-", "push"


class _Store(Protocol):
    """Where keys lie: a folder, or the memory of a test."""

    def read(self, name: str) -> bytes | None: ...
    def make(self, name: str) -> bytes: ...
    def names(self) -> list[str]: ...
    def remove(self, name: str) -> None: ...


class KeyFiles:
    """The keys of one town. Every process of the town reads the same files."""

    def __init__(self, store: _Store) -> None:
        self._store = store
        self.secret = store.read(_SECRET) or store.make(_SECRET)
        self.sealing = store.read(_SEALING) or store.make(_SEALING)

    @classmethod
    def create(cls, directory: Path) -> "KeyFiles":
        """Make the folder and whichever key files are missing; a key that exists is never replaced."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(_Folder(directory))

    @classmethod
    def load(cls, directory: Path) -> "KeyFiles":
        """The keys of a town that exists. Raises SettingsError if one is missing, damaged or open to others."""
        store = _Folder(directory)
        for name in (_SECRET, _SEALING):
            if store.read(name) is None:
                raise SettingsError(
                    f"{directory / name}: the key file is missing; bring it back from where you keep it, "
                    f"or, for a town that never ran, make new ones with: machi init"
                )
        return cls(store)

    @classmethod
    def in_memory(cls) -> "KeyFiles":
        """Fresh keys that no file holds, for tests."""
        return cls(_Memory())

    @cached_property
    def push(self) -> bytes:
        """The key with which notices to devices are signed, made if need be. Raises SettingsError."""
        return self._store.read(_PUSH) or self._store.make(_PUSH)

    @cached_property
    def shield(self) -> bytes:
        """The key of work marks, made out of the sealing key: of all keys the one that a town never replaces."""
        return hmac.new(self.sealing, b"work marks", hashlib.sha256).digest()

    def anonymity_key(self, epoch: int) -> bytes | None:
        """The key of `epoch`, or None if it was never made or is destroyed.

        It is read anew each time, so that a key which another process destroyed is gone here too.
        """
        return self._store.read(f"{_ANONYMITY}{epoch}")

    def ensure_epoch(self, now_ms: int) -> int:
        """The epoch of the moment `now_ms` (milliseconds), its key made if need be."""
        epoch = now_ms // EPOCH_MS
        self.destroy_old(now_ms)
        if self.anonymity_key(epoch) is None:
            self._store.make(f"{_ANONYMITY}{epoch}")
        return epoch

    def destroy_old(self, now_ms: int) -> None:
        """Destroy the keys of 90 days and more at the moment `now_ms` (milliseconds)."""
        epoch = now_ms // EPOCH_MS
        for name in self._store.names():
            number = name.removeprefix(_ANONYMITY)
            if number != name and number.isdecimal() and int(number) <= epoch - _EPOCHS_KEPT:
                self._store.remove(name)


class _Folder:
    """One file for each key: 32 bytes as hexadecimal digits, mode 0600."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> bytes | None:
        path = self._directory / name
        try:
            mode = path.stat().st_mode & 0o777
            text = path.read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(f"{path}: the key file cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            text = ""
        if mode & 0o077:
            raise SettingsError(f"{path}: others can read this key (mode {mode:04o}); run: chmod 600 {path}")
        try:
            key = bytes.fromhex(text.strip())
        except ValueError:
            key = b""
        if len(key) != _SIZE:
            raise SettingsError(
                f"{path}: the key file is damaged; it has to hold {2 * _SIZE} hexadecimal digits"
            )
        return key

    def make(self, name: str) -> bytes:
        """Make a key, whole or not at all; if another process was quicker, its key counts."""
        path = self._directory / name
        draft = self._directory / f".{name}-{secrets.token_hex(8)}"
        try:
            # opened by number: the file must never have been readable by others, not even empty
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(_SIZE) + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        except OSError as error:
            raise SettingsError(f"{path}: the key file cannot be written: {error.strerror}") from None
        key = self.read(name)
        assert key is not None
        return key

    def names(self) -> list[str]:
        return [entry.name for entry in self._directory.iterdir()]

    def remove(self, name: str) -> None:
        (self._directory / name).unlink(missing_ok=True)


class _Memory:
    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self._keys.get(name)

    def make(self, name: str) -> bytes:
        return self._keys.setdefault(name, secrets.token_bytes(_SIZE))

    def names(self) -> list[str]:
        return list(self._keys)

    def remove(self, name: str) -> None:
        self._keys.pop(name, None)
