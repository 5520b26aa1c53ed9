"""Answers one case: the facts as people write them, decided under a pack, in the words of the answer."""

from typing import Any

from shared.policy.answer import answer
from shared.policy.decision import Decision, decide
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts


def decided(pack: Pack, case: CaseFacts) -> Decision:
    """The decision on a case; raises MissingFact where a rule has to look at something that nobody stated."""
    return decide(pack, case.person(), case.identities(), case.payment(), case.aftermath())


def assess(pack: Pack, case: CaseFacts) -> dict[str, Any]:
    """The answer to a case, in the shape of a worked case's ``expect``."""
    return answer(pack, decided(pack, case), case.person())
