"""Numbers as people read them: grouped thousands, yuan from fen, shares of a whole.

Where other machines may read the page, people are counted in whole tens and money in whole ten thousands of yuan.
"""

from dataclasses import dataclass

from services.console.translations import Translator

TEN = 10  # fewer people than this could be recognised
_COARSE_FEN = 1_000_000  # 10,000 yuan; one person's money disappears in it


def people(count: int) -> str:
    """A count with grouped thousands."""
    return f"{count:,}"


def tens(count: int) -> int:
    """A count rounded down to whole tens."""
    return count // TEN * TEN


def yuan(fen: int) -> str:
    """An amount of fen in yuan, exact, with grouped thousands."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def permille(part: int, whole: int) -> int:
    """How much of a bar is filled, 0 to 1000; only the very whole fills it, and anything at all is seen."""
    if whole <= 0 or part <= 0:
        return 0
    if part >= whole:
        return 1000
    return min(max(part * 1000 // whole, 1), 999)


def percent(part: int, whole: int) -> str:
    """A share in percent, half-up to 2 decimals."""
    if whole <= 0:
        return "0.00"
    hundredths = (part * 20_000 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


@dataclass(frozen=True, slots=True)
class Figures:
    """Writes numbers for the readers of one page: exactly, or so that no person shows through."""

    translate: Translator
    exact: bool = True

    @property
    def step(self) -> int:
        """The smallest number of people that two figures on the page differ by."""
        return 1 if self.exact else TEN

    def rounded(self, count: int) -> int:
        """A count to reckon with: coarsely rounded down to whole tens, before it meets another."""
        return count if self.exact else tens(count)

    def rounded_fen(self, fen: int) -> int:
        """An amount to reckon with: coarsely in whole ten thousands of yuan, a debt like an asset."""
        if self.exact:
            return fen
        whole = abs(fen) // _COARSE_FEN * _COARSE_FEN
        return -whole if fen < 0 else whole

    def people(self, count: int) -> str:
        """A number of people or of things that belong to people; coarsely, nobody at all is also fewer than ten."""
        if self.exact or count >= TEN:
            return people(self.rounded(count))
        return self.translate("figures.few", n=TEN)

    def yuan(self, fen: int) -> str:
        """An amount in yuan; coarsely in whole ten thousands, so that no difference of two amounts says more."""
        if self.exact or fen == 0:
            return yuan(fen)
        if rounded := self.rounded_fen(fen):
            return people(rounded // 100)
        return self.translate("figures.little", yuan=people(_COARSE_FEN // 100))

    def share(self, part: int, whole: int) -> str:
        """A share in percent; coarsely in whole percent of the amounts that are written."""
        if self.exact:
            return percent(part, whole)
        return str(permille(self.rounded_fen(part), self.rounded_fen(whole)) // 10)
