"""Numbers as people read them: grouped thousands, yuan from fen, shares of a whole.

Where the page may be read from other machines, counts below ten and small sums are not written exactly.
"""

from dataclasses import dataclass

from services.console.translations import Translator

FEW = 10  # fewer people than this could be recognised
_COARSE_FEN = 1_000_000  # 10,000 yuan; one person's money disappears in it


def people(count: int) -> str:
    """A count with grouped thousands."""
    return f"{count:,}"


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

    def people(self, count: int) -> str:
        """A number of people or of things that belong to people."""
        if self.exact or not 0 < count < FEW:
            return people(count)
        return self.translate("figures.few", n=FEW)

    def yuan(self, fen: int) -> str:
        """An amount in yuan; coarsely in whole ten thousands, so that no difference of two amounts says more."""
        if self.exact or fen == 0:
            return yuan(fen)
        if 0 < fen < _COARSE_FEN:
            return self.translate("figures.little", yuan=people(_COARSE_FEN // 100))
        return people(fen // _COARSE_FEN * (_COARSE_FEN // 100))

    def share(self, part: int, whole: int) -> str:
        """A share in percent; coarsely in whole percent."""
        if self.exact:
            return percent(part, whole)
        return str(permille(part, whole) // 10)
