"""Refusals: what each means to the caller, and the exception that carries it.

| Module | What it holds |
| --- | --- |
| catalogue | every code, never renamed and never taken out |
| texts | status, title and remedy of each in both languages, by what it is about |
| spec | what these say |
| refusal | the exception; the errors themselves are declared beside the functions that raise them |
"""

from shared.errors.catalogue import ErrorCode
from shared.errors.refusal import DomainError, NotFound
from shared.errors.spec import Spec

__all__ = ["DomainError", "ErrorCode", "NotFound", "Spec"]
