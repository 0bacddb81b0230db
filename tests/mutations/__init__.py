"""Every guard of the security checklist, and the proof that its test sees it missing (`python -m tests.mutations`)."""
