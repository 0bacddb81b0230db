"""Run the benchmarks: `make bench`, or one of them: `make bench ARGS=writes`."""

import sys

from bench import writes

ALL = {"writes": writes.main}

if __name__ == "__main__":
    names = sys.argv[1:] or list(ALL)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        sys.exit(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(ALL)}")
    for name in names:
        ALL[name]()
