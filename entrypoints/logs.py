"""JSON logs, one object a line, from our own code and from every library in the same shape."""

import logging
import sys
from typing import TextIO

import msgspec
import structlog
from structlog.types import EventDict, Processor, WrappedLogger

_ENCODER = msgspec.json.Encoder(enc_hook=str)

# Always present, so that a query over logs never has to ask whether a field exists.
ALWAYS = ("user_id", "request_id", "trace_id")


def complete(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Fills what a line outside any request does not know."""
    for name in ALWAYS:
        event.setdefault(name, None)
    return event


def render(_: WrappedLogger, __: str, event: EventDict) -> str:
    """One line of JSON."""
    return _ENCODER.encode(event).decode()


def configure_logs(module_id: str, level: str, stream: TextIO | None = None) -> None:
    """Sends every log line of the process to `stream` (standard error by default) as JSON."""

    def module(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["module_id"] = module_id
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        module,
        complete,
        structlog.processors.format_exc_info,
    ]
    target = stream or sys.stderr
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(
        handlers=[handler], level=max(logging.INFO, logging.getLevelName(level.upper())), force=True
    )
    # Alembic tells each step, the clients of broker and database a traceback for each lost connection: what
    # matters of them we say ourselves.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for library in ("aiormq", "aio_pika", "asyncpg"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
