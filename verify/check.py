"""What a check is: a stable code, its name, what it compares, and how it looks."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from verify.report import CheckResult
from verify.snapshot import Databases
from verify.tally import Tally


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the books. The code never changes once released; ``compares`` says what stands against what."""

    code: str
    zh: str
    en: str
    compares: str
    look: Callable[[Databases, Tally], Awaitable[None]]

    async def result(self, databases: Databases) -> CheckResult:
        """Look, and say what was found."""
        tally = Tally()
        await self.look(databases, tally)
        return CheckResult(
            self.code,
            self.zh,
            self.en,
            self.compares,
            examined=tally.examined,
            breaks=tally.breaks,
            break_fen=tally.break_fen,
            in_flight=tally.in_flight,
            in_flight_fen=tally.in_flight_fen,
            oldest_age_s=tally.oldest_age_s,
            rows=tuple(tally.rows),
            waiting=tuple(tally.waiting),
            named_count=tally.named_count,
            named_fen=tally.named_fen,
            named=tuple(tally.named),
        )
