"""Measures any fediverse server that speaks the Mastodon client API and ActivityPub over plain http on loopback.

It plays the client and the rest of the fediverse itself: a fake network of up to thousands of hosts and actors in one
process. It refuses any address that is not loopback, and every loop is bounded in count and time. See bench/README.md.
"""
