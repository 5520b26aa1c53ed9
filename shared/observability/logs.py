"""Logs as one line of facts each; fields are named by the code, so that a person's data never slips in."""

import logging
import sys
from typing import TextIO

import structlog


def configure_logs(*, level: int = logging.INFO, to: TextIO | None = None) -> None:
    """Write logs to standard error or to ``to``: readable on a terminal, JSON elsewhere."""
    to = to or sys.stderr
    terminal = to.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(to),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=to, format="%(levelname)s %(name)s %(message)s")
