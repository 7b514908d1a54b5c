"""The log, set up once for the whole process: one line an event on standard error.

In:  a style: `console` for people, `json` for machines.
Out: structlog, ready; whatever logs through the standard library comes out the same way.

Event names are facts in the past tense (`sync.finished`), the rest are keys. No personal data, ever.
"""

import logging
import logging.config
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

Style = Literal["console", "json"]

#: Libraries that speak of every connection or file at INFO; their warnings are enough.
QUIET = ("asyncssh", "alembic", "sqlalchemy", "uvicorn")


def set_up(style: Style | None, *, level: int = logging.INFO) -> None:
    """Set up logging; `style` None looks whether standard error is a terminal."""
    style = style or ("console" if sys.stderr.isatty() else "json")
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=level, force=True)
    logging.getLogger().handlers[0].setFormatter(_formatter(style))
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _shared() -> list[Processor]:
    """What every event passes, ours and other people's."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _formatter(style: Style) -> logging.Formatter:
    last: list[Processor]
    if style == "json":
        last = [structlog.processors.ExceptionRenderer(_trace()), structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def _trace() -> structlog.tracebacks.ExceptionDictTransformer:
    """Where it went wrong, without the values of variables: those may be people."""
    return structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
