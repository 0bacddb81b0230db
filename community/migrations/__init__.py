"""The schema's history, run by `community.migrate`."""
