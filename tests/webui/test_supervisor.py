"""The supervisor: a process that falls at once ends them all; one that fell later is replaced."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from webui import supervisor

# Stands in for `machi`: a package named webui, whose processes do what their test wants.
RUN = """
import os, sys
from webui import supervisor
supervisor.STEADY_S = float(sys.argv[1])
os.environ["PYTHONPATH"] = sys.argv[2]
print(supervisor.supervise([], 2), flush=True)
"""


def supervise(tmp_path: Path, program: str, steady: float) -> "subprocess.Popen[str]":
    stand_in = tmp_path / "stand-in" / "webui"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").write_text("")
    (stand_in / "__main__.py").write_text(textwrap.dedent(program))
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(steady), str(stand_in.parent)],
        stdout=subprocess.PIPE, text=True, cwd=tmp_path,
        env={"PYTHONPATH": str(Path(supervisor.__file__).parents[1])},
    )  # fmt: skip


def test_a_process_that_falls_at_once_ends_them_all(tmp_path: Path):
    process = supervise(
        tmp_path,
        """
        import os, sys
        if os.environ["MACHI_PROCESS"] == "1":
            sys.exit(3)
        sys.stdin.read()
        """,
        steady=600,
    )
    assert process.communicate(timeout=60)[0] == "False\n"


def test_a_process_that_fell_later_is_replaced(tmp_path: Path):
    process = supervise(
        tmp_path,
        """
        import os, pathlib, signal, sys
        number = os.environ["MACHI_PROCESS"]
        fallen = pathlib.Path("fallen")
        if number == "1" and not fallen.exists():
            fallen.touch()
            sys.exit(3)
        print("up", number, flush=True)
        signal.pause()
        """,
        steady=0,
    )
    assert process.stdout is not None
    assert sorted(process.stdout.readline() for _ in range(2)) == ["up 0\n", "up 1\n"]
    assert (tmp_path / "fallen").exists()
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == "True\n"
