"""`machi demo`: three towns on this machine that live through a season together, over HTTP like everyone else."""
