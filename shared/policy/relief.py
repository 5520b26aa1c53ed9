"""Who pays how much of a contribution: one relief among the identities held, the rest is the person's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from shared.domain.money import format_yuan, part_of
from shared.policy.facts import Certified, Facts, MissingFact
from shared.policy.pack import FunderShare, Pack, Relief, ReliefKind
from shared.policy.reasons import PolicyRefusal, Reasons, RuleReason, Ruling
from shared.policy.vocabulary import BY_AGE, Identity, ReasonCode

WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Granted:
    """What government pays of one contribution, and for which identity; nothing for nobody without a relief."""

    identity: Identity | None
    shares: tuple[FunderShare, ...]
    reasons: Reasons

    @property
    def amount_fen(self) -> int:
        """All shares together."""
        return sum(share.amount_fen for share in self.shares)


@dataclass(frozen=True, slots=True)
class Dues:
    """The contributions of the years that are bought, in fen, and what percentages are taken of in each."""

    years: tuple[tuple[int, int], ...]

    @property
    def total_fen(self) -> int:
        """All years together."""
        return sum(amount for amount, _ in self.years)


def choose_relief(
    pack: Pack, facts: Facts, held: Sequence[Certified], dues: Dues, day: date
) -> Granted | PolicyRefusal:
    """Grant the one highest relief among the identities that count that day; record why the others lost.

    An identity that the document lists without an amount holds the case, unless another one already pays everything.
    """
    counting = {certified.identity for certified in held if certified.counts_on(day)} | _by_age(pack, facts, day)
    absent = sorted({certified.identity for certified in held} - counting)
    named = [relief for relief in pack.reliefs if relief.identity in counting]  # in the document's order
    met = [_holds(relief, facts, held, day) for relief in named]
    listed = [relief for relief, holds in zip(named, met, strict=True) if holds is True]
    offers = [relief for relief in listed if relief.kind not in (ReliefKind.OPEN, ReliefKind.NONE)]
    winner = max(offers, key=lambda relief: _amount(relief, dues), default=None)  # the first of equals
    for relief, holds in zip(named, met, strict=True):
        if isinstance(holds, MissingFact) and _could_win(relief, winner, named, dues):
            raise holds
    others = tuple(_unmet(relief) for relief in named if relief not in listed)
    others += _not_offered(pack, sorted(counting - {relief.identity for relief in named}), absent)

    still_open = [relief for relief in listed if relief.kind is ReliefKind.OPEN]
    if still_open and (winner is None or _amount(winner, dues) < dues.total_fen):
        reasons = tuple(_held(pack, relief) for relief in still_open) + others
        return PolicyRefusal(Ruling.HOLD, ReasonCode.SUBSIDY_AMOUNT_NOT_CONFIGURED, eligible=True, reasons=reasons)
    if winner is None:
        return Granted(None, (), tuple(_none(relief) for relief in listed) + others)
    won = RuleReason.of(
        f"RELIEF_{winner.identity}", True, winner.basis, f"{winner.identity.name_zh}：{winner.basis.says}"
    )
    lost = tuple(_lost(pack, relief, winner, dues) for relief in listed if relief is not winner)
    return Granted(winner.identity, split(_amount(winner, dues), winner), (won, *lost, *others))


def split(amount_fen: int, relief: Relief) -> tuple[FunderShare, ...]:
    """Divide an amount over the relief's funders; the first one named takes what does not divide."""
    parts = [amount_fen * points // WHOLE for _, points in relief.funders]
    parts[0] += amount_fen - sum(parts)
    return tuple(FunderShare(funder, part) for (funder, _), part in zip(relief.funders, parts, strict=True) if part)


def shares_of(relief: Relief, dues: Dues | None) -> tuple[FunderShare, ...] | None:
    """Who pays how much for one person with this relief; None where its amount, or what is due, is open."""
    if relief.kind is ReliefKind.OPEN or dues is None:
        return None
    return split(_amount(relief, dues), relief)


def _holds(relief: Relief, facts: Facts, held: Sequence[Certified], day: date) -> bool | MissingFact:
    try:
        return relief.whom.hold(facts, held, day)
    except MissingFact as missing:
        return missing


def _could_win(relief: Relief, winner: Relief | None, named: Sequence[Relief], dues: Dues) -> bool:
    """Whether a relief of which nobody knows yet if it holds would change what is granted."""
    if winner is None or relief.kind is ReliefKind.NONE:
        return relief.kind is not ReliefKind.NONE
    if relief.kind is ReliefKind.OPEN:
        return _amount(winner, dues) < dues.total_fen
    amount, most = _amount(relief, dues), _amount(winner, dues)
    return amount > most or (amount == most and named.index(relief) < named.index(winner))


def _by_age(pack: Pack, facts: Facts, day: date) -> set[Identity]:
    """Identities that nobody certifies, because the birth date says them."""
    return {
        relief.identity for relief in pack.reliefs if relief.identity in BY_AGE and relief.whom.hold(facts, (), day)
    }


def _amount(relief: Relief, dues: Dues) -> int:
    return sum(_of_year(relief, amount, aided_as) for amount, aided_as in dues.years)


def _of_year(relief: Relief, amount_fen: int, aided_as_fen: int) -> int:
    if relief.kind is ReliefKind.FULL:
        return amount_fen
    if relief.kind is ReliefKind.PERCENT:
        return part_of(aided_as_fen, relief.basis_points)
    return min(relief.amount_fen, amount_fen)


def _unmet(relief: Relief) -> RuleReason:
    text = f"{relief.identity.name_zh}：不符合条件（{relief.basis.says}）"
    return RuleReason(f"RELIEF_{relief.identity}", False, text, relief.basis)


def _none(relief: Relief) -> RuleReason:
    return RuleReason(
        f"RELIEF_{relief.identity}", False, f"{relief.identity.name_zh}：{relief.basis.says}", relief.basis
    )


def _held(pack: Pack, relief: Relief) -> RuleReason:
    text = f"{relief.identity.name_zh}：{pack.settings.open_amount.says}"
    cited = replace(pack.settings.open_amount, clause=relief.basis.clause)
    return RuleReason(f"RELIEF_{relief.identity}", True, text, cited)


def _lost(pack: Pack, relief: Relief, winner: Relief, dues: Dues) -> RuleReason:
    if relief.kind is ReliefKind.NONE:
        return _none(relief)
    name, other = relief.identity.name_zh, winner.identity.name_zh
    if relief.kind is ReliefKind.OPEN:
        text = f"{name}：金额未配置，而{other}已全额资助"
        return RuleReason(f"RELIEF_{relief.identity}", False, text, pack.settings.several_identities)
    amount, most = _amount(relief, dues), _amount(winner, dues)
    if amount == most:
        text = f"{name}：与{other}同为{format_yuan(amount)}元，{pack.settings.equal_relief.says}"
        return RuleReason(f"RELIEF_{relief.identity}", False, text, pack.settings.equal_relief)
    text = f"{name}：资助{format_yuan(amount)}元，低于{other}的{format_yuan(most)}元，不叠加"
    return RuleReason(f"RELIEF_{relief.identity}", False, text, pack.settings.several_identities)


def _not_offered(pack: Pack, unlisted: Sequence[Identity], absent: Sequence[Identity]) -> Reasons:
    without = (
        RuleReason(
            f"RELIEF_{identity}",
            False,
            f"{identity.name_zh}：{pack.settings.not_listed.says}",
            pack.settings.not_listed,
        )
        for identity in unlisted
    )
    later = (
        RuleReason(
            f"RELIEF_{identity}",
            False,
            f"{identity.name_zh}：认定在此日不生效（自认定之日起，至撤销前一日止）",
            pack.settings.roster_in_force,
        )
        for identity in absent
    )
    return (*without, *later)
