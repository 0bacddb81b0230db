"""The settings file: one frozen class per table, every key checked before anything starts.

A setting carries its own sentence of what is allowed (`Meta.description`); the same sentence stands in the error of
a wrong value and in docs/configuration.md, and a test holds the page and this module together.
"""

import difflib
import ipaddress
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

YesNo = Annotated[bool, Meta(description="true or false")]
SECRETS = frozenset({"metrics_token"})
"""Settings whose value no error repeats: what is nearly right tells most of what is."""


class SettingsError(Exception):
    """The town cannot start as it is set up. The message is one line that says what to change, and where."""


class Instance(Struct, frozen=True, kw_only=True):
    domain: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?\Z",
            max_length=200,
            description="a host name in lower case, with :port only where people type it, such as machi.example.jp",
        ),
    ]
    name: Annotated[
        str,
        Meta(
            pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*\Z",
            max_length=60,
            description="the town's name, 1 to 60 characters on one line",
        ),
    ]
    account_domain: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?)?\Z",
            max_length=200,
            description="the host name that handles bear, written as domain is, or empty for domain itself",
        ),
    ] = ""
    scheme: Annotated[Literal["https", "http"], Meta(description='"https", or "http" for trials')] = "https"
    region: Annotated[
        str, Meta(max_length=60, description="where the town is, up to 60 characters, or empty")
    ] = ""
    registrations: Annotated[
        Literal["open", "approval", "invite", "closed"],
        Meta(description='"open", "approval", "invite" or "closed"'),
    ] = "approval"
    default_visibility: Annotated[
        Literal["open", "sister", "town"], Meta(description='"open", "sister" or "town"')
    ] = "open"
    languages: Annotated[
        tuple[Literal["ja", "en"], ...],
        Meta(min_length=1, description='a list of "ja" and "en", the first one for strangers'),
    ] = ("ja", "en")
    sample: YesNo = False
    source_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/?#@]+([/?#]\S*)?)?\Z",
            max_length=500,
            description="an http or https address, or empty",
        ),
    ] = ""


class Server(Struct, frozen=True, kw_only=True):
    host: Annotated[str, Meta(pattern=r"^\S+\Z", description="an address of this machine to listen on")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=1, le=65535, description="a whole number from 1 to 65535")] = 8080
    workers: Annotated[int, Meta(ge=1, le=64, description="how many processes, 1 to 64")] = 1
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description='a list of addresses or networks, such as ["127.0.0.1", "10.0.0.0/8"]'),
    ] = ()
    metrics_token: Annotated[
        str,
        Meta(
            pattern=r"^([!-~]{16,})?\Z",
            description="at least 16 characters of ASCII without spaces, or empty",
        ),
    ] = ""

    def __post_init__(self) -> None:
        for proxy in self.trusted_proxies:
            ipaddress.ip_network(proxy, strict=False)


class Database(Struct, frozen=True, kw_only=True):
    """`url` is absolute once the settings are loaded."""

    url: Annotated[str, Meta(description='"sqlite:///FILE", or "postgresql://USER:PASSWORD@HOST/NAME"')] = (
        "sqlite:///machi.db"
    )

    def __post_init__(self) -> None:
        _parsed_url(self.url)


class Media(Struct, frozen=True, kw_only=True):
    """`path` is absolute once the settings are loaded."""

    path: Annotated[str, Meta(pattern=r"\S", description="a folder")] = "media"


class Federation(Struct, frozen=True, kw_only=True):
    mode: Annotated[Literal["open", "allowlist"], Meta(description='"open" or "allowlist"')] = "open"
    allow_private_addresses: YesNo = False
    authorized_fetch: YesNo = False
    show_blocks: YesNo = True


class Mail(Struct, frozen=True, kw_only=True):
    """No mail is sent yet: the table may stand in the file, empty."""


class Limits(Struct, frozen=True, kw_only=True):
    enabled: YesNo = True
    inbox_per_second: Annotated[
        int, Meta(ge=1, le=100_000, description="how many activities a second, 1 to 100000")
    ] = 100
    strangers_mentions: Annotated[int, Meta(ge=1, le=1_000, description="how many people, 1 to 1000")] = 20
    strangers_notices: Annotated[int, Meta(ge=1, le=10_000, description="how many notices, 1 to 10000")] = 20
    quarantine_hours: Annotated[int, Meta(ge=0, le=8_760, description="how many hours, 0 to 8760")] = 0


class Anonymity(Struct, frozen=True, kw_only=True):
    delay_minutes: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=1440)], Annotated[int, Meta(ge=0, le=1440)]],
        Meta(description="two whole numbers from 0 to 1440, the smaller one first"),
    ] = (5, 40)
    weekly_limit: Annotated[int, Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 3

    def __post_init__(self) -> None:
        if self.delay_minutes[0] > self.delay_minutes[1]:
            raise ValueError(self.delay_minutes)


class Log(Struct, frozen=True, kw_only=True):
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description='"debug", "info", "warning" or "error"'),
    ] = "info"
    format: Annotated[Literal["text", "json"], Meta(description='"text" or "json"')] = "text"
    access: YesNo = False


class Settings(Struct, frozen=True, kw_only=True):
    """All settings of a town. `path` is the file they came from, absolute."""

    instance: Instance
    server: Server
    database: Database
    media: Media
    federation: Federation
    mail: Mail
    limits: Limits
    anonymity: Anonymity
    log: Log
    path: Path

    @property
    def keys_dir(self) -> Path:
        """The folder of the key files, beside the settings file."""
        return self.path.parent / "keys"


TABLES: Mapping[str, type[Struct]] = {
    "instance": Instance,
    "server": Server,
    "database": Database,
    "media": Media,
    "federation": Federation,
    "mail": Mail,
    "limits": Limits,
    "anonymity": Anonymity,
    "log": Log,
}


def load(path: Path) -> Settings:
    """Read and check the settings file at `path`.

    Raises SettingsError with one line that names the file, the table and key, the value, and what is allowed.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: there is no such settings file; make one with: "
            f"machi init --config {path} --domain DOMAIN --name NAME"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from None
    return from_tables(tables, path=path)


def from_tables(tables: Mapping[str, Any], *, path: Path = Path("instance.toml")) -> Settings:
    """The settings that `tables` (table name → key → value) describe, as if they stood in the file `path`.

    Raises SettingsError as `load` does.
    """
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            raise SettingsError(
                f"{path}: {name} = {_shown(table)} stands in no table; write it below a [table]"
            )
        if name not in TABLES:
            raise SettingsError(f"{path}: there is no table [{name}]{_known(name, TABLES)}")
    read: dict[str, Any] = {name: _table(path, name, tables.get(name, {})) for name in TABLES}
    absolute = path.absolute()
    read["database"] = Database(url=_absolute_url(read["database"].url, absolute.parent))
    read["media"] = Media(path=str(absolute.parent / read["media"].path))
    return Settings(path=absolute, **read)


def _table(path: Path, name: str, given: Mapping[str, Any]) -> Struct:
    """One table, each key checked by itself so that the error can name it."""
    kind = TABLES[name]
    known = hints(kind)
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            raise SettingsError(f"{path}: [{name}] {key} = {_shown(value)} is no setting{_known(key, known)}")
        try:
            values[key] = msgspec.convert(value, known[key])
            _check_together(kind, key, values[key])
        except ValueError:  # msgspec.ValidationError is one
            shown = "…" if key in SECRETS else _shown(value)
            raise SettingsError(
                f"{path}: [{name}] {key} = {shown} is not allowed; allowed is {allowed(known[key])}"
            ) from None
    for key in kind.__struct_fields__:
        if key not in values and key in required(kind):
            raise SettingsError(f"{path}: [{name}] {key} is missing; allowed is {allowed(known[key])}")
    return kind(**values)


def _check_together(kind: type[Struct], key: str, value: Any) -> None:
    """Run what a table checks beyond types (`__post_init__`) on one key, with every other at its default."""
    if not required(kind):
        kind(**{key: value})


def hints(kind: type[Struct]) -> dict[str, Any]:
    """The types of a table's settings, with what is noted on them."""
    return get_type_hints(kind, include_extras=True)


def required(kind: type[Struct]) -> frozenset[str]:
    """The settings of a table that have no default."""
    return frozenset(field.name for field in msgspec.structs.fields(kind) if field.required)


def allowed(hint: Any) -> str:
    """The sentence that a setting's type carries of what is allowed."""
    if get_origin(hint) is Annotated:
        for note in get_args(hint)[1:]:
            if isinstance(note, Meta) and note.description:
                return note.description
    raise TypeError(hint)


def _known(wrong: str, names: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(wrong, names, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(names)}" if names else "; this table has none yet"


def _shown(value: Any) -> str:
    """`value` on one line, short, and without the password of a database."""
    if isinstance(value, str) and "://" in value:
        value = _without_password(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    login, at, host = rest.rpartition("@")
    return f"{scheme}://{login.partition(':')[0]}:***@{host}" if at and ":" in login else url


def _parsed_url(text: str) -> URL:
    """A database URL of one of the two engines, else ValueError."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError(text) from None
    engine = url.get_backend_name()
    if engine == "sqlite" and url.database and not url.database.startswith((":", "file:")) and not url.host:
        return url
    if url.drivername in {"postgresql", "postgresql+psycopg"} and url.database:
        return url
    raise ValueError(text)


def _absolute_url(text: str, folder: Path) -> str:
    url = _parsed_url(text)
    if url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(folder / url.database))
    return url.render_as_string(hide_password=False)
