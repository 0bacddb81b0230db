"""`python -m webui`: the same as `machi`."""

from webui.cli import main

if __name__ == "__main__":
    main()
