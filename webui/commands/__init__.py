"""One module for each command of `machi`, and what several of them need: opening the town, wording errors."""
