"""The exception that carries a code of the catalogue."""

from typing import ClassVar
from uuid import UUID

from shared.errors.catalogue import ErrorCode


class DomainError(Exception):
    """An expected refusal, rendered as problem+json; subclasses name their code."""

    code: ClassVar[ErrorCode]
    # Where the same request is expected to succeed by then; a class says the least, a refusal its own.
    retry_after_s: int | None = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        pointer: str | None = None,
        existing: UUID | None = None,
        order_no: str | None = None,
    ) -> None:
        """Say in ``detail`` what exactly was refused (no personal data) and in ``pointer`` which field it was.

        A detail is either in both languages (“中文 · English”) or in none: numbers, codes and signs.

        ``existing`` and ``order_no`` name what stands in the way, or what is to be looked up, where the caller may see
        it; a lost answer is found again.
        """
        super().__init__(detail or self.code.value.en)
        self.detail = detail
        self.pointer = pointer
        self.existing = existing
        self.order_no = order_no


class NotFound(DomainError):
    """Nothing with this identifier is visible to the caller."""

    code = ErrorCode.NOT_FOUND
