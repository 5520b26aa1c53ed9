"""Numbers as people read them: grouped thousands, yuan from fen, shares in whole per mille."""


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
