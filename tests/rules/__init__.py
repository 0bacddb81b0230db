"""Rules of the whole repository that no single module's tests could hold."""
