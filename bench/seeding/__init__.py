"""Fills the database of a town that is not being served: a million posts of thousands of people in a few minutes.

Rows go straight into the tables, as the services would have written them (tests/bench/test_seeding.py compares), in the
order of time, each with an id of its moment in the past. The same arguments give the same rows.
"""
