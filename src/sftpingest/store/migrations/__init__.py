"""The migrations of the store, one module a revision; run by `engine.migrate`."""
