"""Catching up with what was said elsewhere: replies, outboxes, profiles and posts that grew old, what an outage cost us.

Each module runs one kind of errand (`federation.errands`); `worker` runs them, `triggers` says when they are wanted.
"""
