"""What a start does not load: each of these costs every town memory and time, for something rare or for nothing."""

import json
import subprocess
import sys

RARE = {
    "rich": "6 MB and 60 ms with pygments: only `machi demo` paints",
    "pygments": "see rich",
    "alembic": "3 MB and 40 ms: only migrations",
    "Crypto": "2 MB and 40 ms: what httpsig would verify with",
    "cffi": "see Crypto",
    "sqlalchemy.dialects.postgresql": "2 MB and 40 ms: SQLite towns do without",
    "psycopg": "the same",
    "markdown_it": "20 ms: only where something is written on a page",
    "PIL": "only where a picture comes",
    "pywebpush": "only where something is pushed",
}


def test_a_start_loads_nothing_that_is_rare():
    asked = "import webui.cli, webui.commands.serve, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    loaded = set(json.loads(done.stdout))
    assert "webui.serving" in loaded
    assert {name: why for name, why in RARE.items() if name in loaded} == {}


def test_what_was_kept_away_from_the_log_can_be_loaded_later():
    asked = "import webui.logs, structlog.dev; from rich.console import Console; print(structlog.dev.rich, Console.__name__)"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["None", "Console"]
