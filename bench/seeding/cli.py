"""`python -m bench seed --config instance.toml --posts 1000000 --member NAME`: fill a town that is not being served."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from bench.seeding.rows import open_store
from bench.seeding.town import Plan, Refused, seed
from community import config
from community.uris import Uris
from webui.opening import opened


def main(arguments: Sequence[str]) -> None:
    """Make the schema and found the town if that was not done yet, then fill it. Says how far it is."""
    args = _parser().parse_args(arguments)
    settings = config.load(args.config)
    with opened(args.config):
        pass
    uris = Uris(settings.instance.scheme, settings.instance.domain)
    store = open_store(settings.database.url)
    plan = Plan(
        member=args.member, posts=args.posts, authors=args.authors, follows=args.follows, followers=args.followers,
        others_follow=args.others_follow, local_share=args.local_share, searchable=not args.no_search, seed=args.seed,
        now=args.now or time.time_ns() // 1_000_000,
    )  # fmt: skip
    try:
        seed(store, uris, plan, say=lambda line: print(line, flush=True))
    except Refused as refusal:
        sys.exit(f"seed: {refusal}")
    finally:
        store.close()


def _parser() -> ArgumentParser:
    top = ArgumentParser(prog="python -m bench seed", description="Fill the database of a town that is not served.")
    add = top.add_argument
    add("--config", type=Path, default=Path("instance.toml"))
    add("--member", required=True, help="handle of the member who reads (machi member add)")
    add("--posts", type=int, default=100_000)
    add("--authors", type=int, default=2_000, help="members and people elsewhere who write")
    add("--local-share", type=float, default=0.3, help="how many of them live here")
    add("--follows", type=int, default=500, help="whom the member follows")
    add("--followers", type=int, default=20, help="members who follow the member")
    add("--others-follow", type=int, default=10, help="whom every other member follows")
    add("--no-search", action="store_true", help="leave the search index of posts empty")
    add("--seed", type=int, default=1, help="another number, another town")
    add("--now", type=int, help="milliseconds since 1970 at which everything ends (default: the clock)")
    return top
