"""What a check is: a stable code, its name, what it compares, and the function that runs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from verify.findings import Findings
from verify.report import CheckResult
from verify.snapshot import Databases


@dataclass(frozen=True, slots=True)
class ConsistencyCheck:
    """One question to the books. The code never changes once released; ``compares`` says what stands against what."""

    code: str
    zh: str
    en: str
    compares: str
    run: Callable[[Databases, Findings], Awaitable[None]]

    async def result(self, databases: Databases) -> CheckResult:
        """Run it and return what was found."""
        findings = Findings()
        await self.run(databases, findings)
        return CheckResult(
            self.code,
            self.zh,
            self.en,
            self.compares,
            examined=findings.examined,
            breaks=findings.breaks,
            break_fen=findings.break_fen,
            in_flight=findings.in_flight,
            in_flight_fen=findings.in_flight_fen,
            oldest_age_s=findings.oldest_age_s,
            rows=tuple(findings.rows),
            waiting=tuple(findings.waiting),
            named_count=findings.named_count,
            named_fen=findings.named_fen,
            named=tuple(findings.named),
        )
