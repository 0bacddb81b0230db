"""Settings: defaults, what is refused and in which words, where relative paths count from."""

from pathlib import Path
from typing import Any

import pytest

from community import config
from community.config import SettingsError

TOWN = {"instance": {"domain": "minato.example", "name": "みなと"}}
MINIMAL = '[instance]\ndomain = "minato.example"\nname = "みなと"\n'


def test_everything_but_domain_and_name_has_a_default():
    settings = config.from_tables(TOWN)
    assert settings.instance.scheme == "https"
    assert settings.instance.registrations == "approval"
    assert settings.instance.default_visibility == "open"
    assert settings.server.workers == 1
    assert settings.federation.mode == "open"
    assert settings.federation.authorized_fetch is False
    assert settings.federation.allow_private_addresses is False
    assert settings.limits.enabled is True
    assert settings.anonymity.delay_minutes == (5, 40)
    assert settings.anonymity.weekly_limit == 3
    assert settings.log.access is False
    assert settings.instance.source_url == ""
    assert settings.server.metrics_token == ""


@pytest.mark.parametrize("key", ["domain", "name"])
def test_a_missing_setting_is_named(key: str):
    instance = {name: value for name, value in TOWN["instance"].items() if name != key}
    with pytest.raises(SettingsError, match=rf"instance\.toml: \[instance\] {key} is missing; allowed is "):
        config.from_tables({"instance": instance})


@pytest.mark.parametrize(
    ("table", "key", "value", "shown"),
    [
        ("instance", "domain", "Minato.example", '"Minato.example"'),
        ("instance", "domain", "https://minato.example", '"https://minato.example"'),
        ("instance", "domain", "minato.example\n", r'"minato.example\\n"'),
        ("instance", "domain", "minato.example:0", '"minato.example:0"'),
        ("instance", "name", "  ", '"  "'),
        ("instance", "name", "two\nlines", r'"two\\nlines"'),
        ("instance", "scheme", "ftp", '"ftp"'),
        ("instance", "registrations", "everybody", '"everybody"'),
        ("instance", "default_visibility", "followers", '"followers"'),
        ("instance", "languages", [], r"\[\]"),
        ("instance", "languages", ["tlh"], r'\["tlh"\]'),
        ("instance", "sample", "yes", '"yes"'),
        ("instance", "source_url", "git.example/machi", '"git.example/machi"'),
        ("instance", "source_url", "javascript://git.example", '"javascript://git.example"'),
        ("instance", "source_url", "https://", '"https://"'),
        ("instance", "source_url", "https://me:token@git.example/", r'"https://me:\*\*\*@git.example/"'),
        ("instance", "source_url", "https://git.example/a b", '"https://git.example/a b"'),
        ("instance", "source_url", "https://git.example/\n", r'"https://git.example/\\n"'),
        ("server", "port", "8080", '"8080"'),
        ("server", "port", 0, "0"),
        ("server", "port", 65536, "65536"),
        ("server", "workers", 0, "0"),
        ("server", "trusted_proxies", ["proxy.example"], r'\["proxy.example"\]'),
        ("server", "metrics_token", "fifteen-letters", "…"),
        ("server", "metrics_token", "sixteen letters and spaces", "…"),
        ("server", "metrics_token", "合言葉合言葉合言葉合言葉合言葉合言葉", "…"),
        ("server", "metrics_token", "a-token-and-a-new-line\n", "…"),
        ("server", "metrics_token", 1234567890123456, "…"),
        ("database", "url", "mysql://a/b", '"mysql://a/b"'),
        ("database", "url", "sqlite://", '"sqlite://"'),
        ("database", "url", "sqlite:///:memory:", '"sqlite:///:memory:"'),
        ("database", "url", "machi.db", '"machi.db"'),
        ("database", "url", "postgresql://localhost", '"postgresql://localhost"'),
        ("federation", "mode", "closed", '"closed"'),
        ("limits", "enabled", 1, "1"),
        ("anonymity", "delay_minutes", [40, 5], r"\[40, 5\]"),
        ("anonymity", "delay_minutes", [5], r"\[5\]"),
        ("anonymity", "weekly_limit", 0, "0"),
        ("log", "level", "loud", '"loud"'),
        ("log", "format", "xml", '"xml"'),
    ],
)
def test_a_wrong_value_is_told_in_one_line(table: str, key: str, value: Any, shown: str):
    tables = {name: dict(keys) for name, keys in TOWN.items()}
    tables.setdefault(table, {})[key] = value
    expected = rf"^instance\.toml: \[{table}\] {key} = {shown} is not allowed; allowed is \S[^\n]+$"
    with pytest.raises(SettingsError, match=expected):
        config.from_tables(tables)


@pytest.mark.parametrize(
    "address",
    ["https://git.example", "http://localhost:3000/machi", "https://git.example/~m/machi?at=1#readme"],
)
def test_an_address_of_the_source_code_is_taken_as_it_is(address: str):
    settings = config.from_tables({"instance": TOWN["instance"] | {"source_url": address}})
    assert settings.instance.source_url == address


def test_a_token_of_sixteen_characters_is_long_enough():
    settings = config.from_tables({**TOWN, "server": {"metrics_token": "0123456789abcdef"}})
    assert settings.server.metrics_token == "0123456789abcdef"


def test_an_unknown_key_is_refused_with_the_likely_one():
    with pytest.raises(SettingsError, match=r"\[server\] prot = 80 is no setting; did you mean port\?"):
        config.from_tables({**TOWN, "server": {"prot": 80}})


def test_an_unknown_key_without_likeness_names_the_known_ones():
    with pytest.raises(SettingsError, match="known are host, port, workers, trusted_proxies, metrics_token"):
        config.from_tables({**TOWN, "server": {"zzz": 80}})


def test_an_unknown_table_is_refused():
    with pytest.raises(SettingsError, match=r"there is no table \[limit\]; did you mean limits\?"):
        config.from_tables({**TOWN, "limit": {}})


def test_a_key_outside_all_tables_is_refused():
    with pytest.raises(SettingsError, match="port = 80 stands in no table"):
        config.from_tables({**TOWN, "port": 80})


def test_the_table_for_mail_may_stand_empty():
    config.from_tables({**TOWN, "mail": {}})


def test_a_password_is_never_shown():
    with pytest.raises(SettingsError) as refused:
        config.from_tables({**TOWN, "database": {"url": "mysql://machi:s3cret@db/machi"}})
    assert "s3cret" not in str(refused.value)
    assert "machi:***@db" in str(refused.value)


def test_a_long_value_is_shown_short():
    with pytest.raises(SettingsError) as refused:
        config.from_tables({"instance": {"domain": "x" * 5000, "name": "みなと"}})
    assert len(str(refused.value)) < 300


def test_relative_paths_count_from_the_settings_file(tmp_path: Path):
    path = tmp_path / "instance.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    settings = config.load(path)
    assert settings.database.url == f"sqlite:///{tmp_path}/machi.db"
    assert settings.media.path == f"{tmp_path}/media"
    assert settings.keys_dir == tmp_path / "keys"


def test_absolute_addresses_stay(tmp_path: Path):
    url = "postgresql://machi:p%40ss@localhost:5433/machi"
    settings = config.from_tables({**TOWN, "database": {"url": url}, "media": {"path": "/srv/media"}})
    assert settings.database.url == url
    assert settings.media.path == "/srv/media"
    assert config.from_tables({**TOWN, "database": {"url": f"sqlite:///{tmp_path}/x.db"}}).database.url == (
        f"sqlite:///{tmp_path}/x.db"
    )


def test_a_missing_file_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(SettingsError, match="there is no such settings file; make one with: machi init"):
        config.load(tmp_path / "instance.toml")


def test_a_folder_is_no_settings_file(tmp_path: Path):
    with pytest.raises(SettingsError, match="cannot be read"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"[instance\n", "is not TOML: .*line 1"), (b'name = "\xff"\n', "is not UTF-8 text")],
)
def test_what_is_not_toml_is_refused(tmp_path: Path, content: bytes, said: str):
    path = tmp_path / "instance.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        config.load(path)
