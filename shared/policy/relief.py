"""Who pays how much of a contribution: one relief among the identities held, the rest is the person's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from shared.domain.money import format_yuan, part_of
from shared.policy.facts import Certified
from shared.policy.pack import Pack, Relief, ReliefKind, Share
from shared.policy.reasons import Reason, Reasons, Refusal, Ruling
from shared.policy.vocabulary import Identity, ReasonCode

WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Granted:
    """What government pays of one contribution, and for which identity; nothing for nobody without a relief."""

    identity: Identity | None
    shares: tuple[Share, ...]
    reasons: Reasons

    @property
    def amount_fen(self) -> int:
        """All shares together."""
        return sum(share.amount_fen for share in self.shares)


def choose_relief(pack: Pack, held: Sequence[Certified], standard_fen: int, day: date) -> Granted | Refusal:
    """Grant the one highest relief among the identities that count that day; record why the others lost.

    An identity that the document lists without an amount holds the case, unless another one already pays everything.
    """
    counting = {certified.identity for certified in held if certified.counts_on(day)}
    absent = sorted({certified.identity for certified in held} - counting)
    listed = [relief for relief in pack.reliefs if relief.identity in counting]  # in the document's order
    offers = [relief for relief in listed if relief.kind is not ReliefKind.OPEN]
    winner = max(offers, key=lambda relief: _amount(relief, standard_fen), default=None)  # the first of equals
    others = _not_offered(pack, sorted(counting - {relief.identity for relief in listed}), absent)

    still_open = [relief for relief in listed if relief.kind is ReliefKind.OPEN]
    if still_open and (winner is None or _amount(winner, standard_fen) < standard_fen):
        reasons = tuple(_held(pack, relief) for relief in still_open) + others
        return Refusal(Ruling.HOLD, ReasonCode.SUBSIDY_AMOUNT_NOT_CONFIGURED, eligible=True, reasons=reasons)
    if winner is None:
        return Granted(None, (), others)
    won = Reason.of(f"RELIEF_{winner.identity}", True, winner.basis, f"{winner.identity.name_zh}：{winner.basis.says}")
    lost = tuple(_lost(pack, relief, winner, standard_fen) for relief in listed if relief is not winner)
    shares = split(_amount(winner, standard_fen), winner)
    return Granted(winner.identity, shares, (won, *lost, *others))


def split(amount_fen: int, relief: Relief) -> tuple[Share, ...]:
    """Divide an amount over the relief's funders; the first one named takes what does not divide."""
    parts = [amount_fen * points // WHOLE for _, points in relief.funders]
    parts[0] += amount_fen - sum(parts)
    return tuple(Share(funder, part) for (funder, _), part in zip(relief.funders, parts, strict=True) if part)


def _amount(relief: Relief, standard_fen: int) -> int:
    if relief.kind is ReliefKind.FULL:
        return standard_fen
    if relief.kind is ReliefKind.PERCENT:
        return part_of(standard_fen, relief.basis_points)
    return min(relief.amount_fen, standard_fen)


def _held(pack: Pack, relief: Relief) -> Reason:
    text = f"{relief.identity.name_zh}：{pack.settings.open_amount.says}"
    cited = replace(pack.settings.open_amount, clause=relief.basis.clause)
    return Reason(f"RELIEF_{relief.identity}", True, text, cited)


def _lost(pack: Pack, relief: Relief, winner: Relief, standard_fen: int) -> Reason:
    name, other = relief.identity.name_zh, winner.identity.name_zh
    if relief.kind is ReliefKind.OPEN:
        text = f"{name}：金额未配置，而{other}已全额资助"
        return Reason(f"RELIEF_{relief.identity}", False, text, pack.settings.several_identities)
    amount, most = _amount(relief, standard_fen), _amount(winner, standard_fen)
    if amount == most:
        text = f"{name}：与{other}同为{format_yuan(amount)}元，{pack.settings.equal_relief.says}"
        return Reason(f"RELIEF_{relief.identity}", False, text, pack.settings.equal_relief)
    text = f"{name}：资助{format_yuan(amount)}元，低于{other}的{format_yuan(most)}元，不叠加"
    return Reason(f"RELIEF_{relief.identity}", False, text, pack.settings.several_identities)


def _not_offered(pack: Pack, unlisted: Sequence[Identity], absent: Sequence[Identity]) -> Reasons:
    without = (
        Reason(
            f"RELIEF_{identity}",
            False,
            f"{identity.name_zh}：{pack.settings.not_listed.says}",
            pack.settings.not_listed,
        )
        for identity in unlisted
    )
    later = (
        Reason(
            f"RELIEF_{identity}",
            False,
            f"{identity.name_zh}：认定在此日不生效（自认定之日起，至撤销前一日止）",
            pack.settings.not_listed,
        )
        for identity in absent
    )
    return (*without, *later)
