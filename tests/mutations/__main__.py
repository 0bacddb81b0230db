"""Takes each guard out of a copy of the tree and runs its tests there: they have to fail. `python -m tests.mutations [ID …]`

A guard whose tests still pass is one that nobody would miss, and the exit status says so.
"""

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.mutations import guards
from tests.mutations.guards import ROOT, Guard

_COPIED = ("community", "federation", "webui", "tests", "bench", "pyproject.toml", "setup.py", "instance.example.toml")
_PATIENCE_S = 300
_FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("ids", nargs="*", help="guards to take out; all, if none is named")
    parser.add_argument("--table", action="store_true", help="print the table of docs/security.md and do nothing else")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    if chosen.table:
        print(guards.table(guards.load()))
        return 0
    listed = [each for each in guards.load() if not chosen.ids or each.id in chosen.ids]
    waiting: queue.SimpleQueue[Guard] = queue.SimpleQueue()
    for guard in listed:
        waiting.put(guard)
    unseen: list[str] = []
    threads = [threading.Thread(target=_work, args=(waiting, unseen)) for _ in range(max(chosen.jobs, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(listed) - len(unseen)} seen, {len(unseen)} not seen{': ' if unseen else ''}{', '.join(unseen)}")
    return 1 if unseen else 0


def _work(waiting: "queue.SimpleQueue[Guard]", unseen: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="machi-mutations-") as folder:
        copy = Path(folder)
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
            elif source.exists():
                shutil.copy(source, copy / name)
        while not waiting.empty():
            try:
                guard = waiting.get_nowait()
            except queue.Empty:
                return
            seen, said = _try(guard, copy)
            print(f"{'seen    ' if seen else 'NOT SEEN'} {guard.id}: {said}", flush=True)
            if not seen:
                unseen.append(guard.id)


def _try(guard: Guard, copy: Path) -> tuple[bool, str]:
    """Whether the tests fail without `guard`, and how."""
    place = copy / guard.file
    whole = place.read_text(encoding="utf-8")
    try:
        place.write_text(guard.broken(whole), encoding="utf-8")
    except ValueError as problem:
        return False, str(problem)
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-p", "no:cacheprovider", *guard.tests]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MACHI_TEST_")}
    try:
        ran = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False, "no answer"
    finally:
        place.write_text(whole, encoding="utf-8")
    # An error while collecting shows nothing: a test itself has to have run and failed.
    failed = _FAILED.search(ran.stdout)
    if ran.returncode == 1 and failed is not None:
        return True, failed[1]
    return False, (ran.stdout + ran.stderr).strip()[-300:].replace("\n", " ") or "nothing failed"


if __name__ == "__main__":
    sys.exit(main())
