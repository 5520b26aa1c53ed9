"""A document as its sentences, whatever page or column broke its lines."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LAYOUT = re.compile(r"\s+")
_SENTENCE = re.compile(r"[^。；;！!？?]+[。；;！!？?]*[”’」』）)]*")
FIRST_WORDS = 15


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence without white space, by its number in the document."""

    number: int
    text: str

    @property
    def begins(self) -> str:
        """Its first words, by which people find it."""
        return self.text[:FIRST_WORDS]

    @property
    def digest(self) -> str:
        """What changes when a word of it does: the first half of its SHA-256."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]


def sentences(text: str) -> Iterator[Sentence]:
    """Split at 。；！？ after taking all white space out; a heading belongs to the sentence that it stands above."""
    for number, found in enumerate(_SENTENCE.findall(_LAYOUT.sub("", text)), start=1):
        yield Sentence(number, found)
