"""The store: SQL, and nothing but SQL. SQLite for one machine, PostgreSQL for several; the same tables on both.

In:  an Engine of `engine.open_store`, or a Connection in the caller's own transaction.
Out: rows as plain objects and frames; a StoreError where something asked for cannot be done.
"""

import inspect


class StoreError(Exception):
    """The store cannot do this. See the log of the service for the reason."""

    def __init__(self, **facts: object) -> None:
        """The docstring of the class is the message; `facts` fill its gaps and stay readable as attributes."""
        self.facts = facts
        super().__init__((inspect.getdoc(type(self)) or "").format(**facts))
