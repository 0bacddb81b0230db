"""Where a served town spends its CPU: `python -m bench sampling serve --config instance.toml`, then Ctrl-C or SIGTERM.

Runs any command of `machi` and, each millisecond of CPU that the process uses, notes what its main thread, the event
loop, is doing. At the end it prints to stderr which lines and functions it met most.
"""

import atexit
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from types import FrameType

from webui import cli

_AFTER = 2.5  # seconds of CPU: the start is another matter (python -X importtime)
_EVERY = 0.001  # seconds of CPU; the kernel may make it four times as long
_SHOWN = 45


class _Sampler:
    def __init__(self) -> None:
        self.count = 0
        self.lines: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()
        self.within: Counter[str] = Counter()

    def note(self, _number: int, frame: FrameType | None) -> None:
        self.count += 1
        seen = set()
        first = True
        while frame is not None:
            code = frame.f_code
            name = f"{'/'.join(code.co_filename.rsplit('/', 3)[-3:])}:{code.co_qualname}"
            if first:
                self.lines[f"{name}:{frame.f_lineno}"] += 1
                self.functions[name] += 1
                first = False
            seen.add(name)
            frame = frame.f_back
        self.within.update(seen)

    def tell(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        for title, counts in (
            ("by line", self.lines),
            ("by function", self.functions),
            ("by function, with all it calls", self.within),
        ):
            print(f"\n{title} ({self.count} samples)", file=sys.stderr)
            for name, count in counts.most_common(_SHOWN):
                print(f"{count / self.count:7.1%} {name}", file=sys.stderr)


def main(arguments: Sequence[str]) -> None:
    """Run `machi` with these arguments, watched."""
    sampler = _Sampler()
    signal.signal(signal.SIGPROF, sampler.note)
    signal.setitimer(signal.ITIMER_PROF, _AFTER, _EVERY)
    atexit.register(sampler.tell)
    sys.argv = ["machi", *arguments]
    cli.main()
