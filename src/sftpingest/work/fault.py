"""What a log may say of an exception: its kind and where it was raised, never its message.

In:  an exception.
Out: one line. Messages of a database hold the row that was wrong, and that is personal data.
"""

import traceback
from collections.abc import Iterator
from pathlib import Path

#: So many of the innermost places are named.
_PLACES = 6


def fault(error: BaseException) -> str:
    """The kinds of an exception and of its causes, and the places they passed."""
    kinds = " < ".join(type(one).__name__ for one in _causes(error))
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return f"{kinds} at {' > '.join(places[-_PLACES:])}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
