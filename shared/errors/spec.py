"""What one refusal means to the caller, in both languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spec:
    """What a refusal means to the caller: HTTP status, title and remedy, in both languages."""

    status: int
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str

    @property
    def both(self) -> str:
        """The title in Chinese and English, as a detail reads."""
        return f"{self.zh} · {self.en}"
