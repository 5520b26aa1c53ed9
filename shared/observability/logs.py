"""Logs as one line of facts each; fields are named by the code, so that a person's data never slips in."""

import logging
import sys
import traceback
from typing import TextIO

import structlog


def configure_logs(*, level: int = logging.INFO, to: TextIO | None = None) -> None:
    """Write logs to standard error or to ``to``: readable on a terminal, one JSON object per line elsewhere.

    Lines of libraries (Kafka's client, the web server) are written in the same form, from warnings on.
    """
    to = to or sys.stderr
    render: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if to.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    common: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*common, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(to),
        cache_logger_on_first_use=True,
    )
    of_libraries = logging.StreamHandler(to)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _exception_without_values,
                render,
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[of_libraries])


def _exception_without_values(
    _logger: object, _method: str, line: structlog.types.EventDict
) -> structlog.types.EventDict:
    """An exception that a library logs: its type and where it was raised. Its text can hold a person's data."""
    found = line.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        line["error"] = type(error).__name__
        line["places"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
    return line
