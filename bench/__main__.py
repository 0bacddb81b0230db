"""Run a benchmark: `make bench ARGS=writes`, `python -m bench fedibench api-read --base …`. Without a name: `writes`."""

import importlib
import sys

ALL = {
    "writes": "bench.writes",
    "fedibench": "bench.fedibench.cli",
    "sampling": "bench.sampling",
    "flood": "bench.flood",
    "seed": "bench.seeding.cli",
    "spread": "bench.spread",
    "streaming": "bench.streaming",
    "town": "bench.town",
}
"""Where the `main(arguments)` of each stands; loaded when it is called for."""

if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or ["writes"]
    if name not in ALL:
        sys.exit(f"There is no benchmark {name!r}; there are: {', '.join(ALL)}")
    importlib.import_module(ALL[name]).main(arguments)
