"""Verdicts: what the numbers mean, in plain sentences, the gravest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.console.figures import people, yuan
from services.console.summaries import (
    ItemSum,
    MoneyPosition,
    PaymentSummary,
    QuotaProgress,
    RegistrationSummary,
    Snapshot,
)
from services.console.translations import Translator
from shared.domain.clock import SHANGHAI

Level = Literal["bad", "warn", "info", "ok"]
SERVICES = ("registration", "subsidy", "payment", "quota")
_ORDER: dict[Level, int] = {"bad": 0, "warn": 1, "info": 2, "ok": 3}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence and how grave it is; ``key`` names it in both languages."""

    key: str
    level: Level
    text: str


def verdicts(snapshot: Snapshot, translate: Translator) -> list[Verdict]:
    """Judge a snapshot. What no service reports is not judged."""
    found = [*_services(snapshot, translate), *_messages(snapshot, translate)]
    if (payment := snapshot.payment.summary) is not None:
        found += _money(payment, translate)
    if (registration := snapshot.registration.summary) is not None and (held := registration.states.get("HELD", 0)):
        found.append(Verdict("priced.held", "warn", translate("priced.held", n=people(held))))
    if (quota := snapshot.quota.summary) is not None:
        found += _people(quota, translate)
        if registration is not None:
            found.append(_flight(registration, quota, translate))
        if payment is not None:
            found += _enrolling(payment, quota, translate)
    return sorted(found, key=lambda verdict: _ORDER[verdict.level])


def headline(found: list[Verdict], translate: Translator) -> Verdict:
    """All verdicts in one sentence."""
    levels: tuple[Level, ...] = ("bad", "warn")
    for level in levels:
        if number := sum(verdict.level == level for verdict in found):
            return Verdict("headline", level, translate(f"headline.{level}", n=number))
    return Verdict("headline", "ok", translate("headline.ok"))


def _services(snapshot: Snapshot, translate: Translator) -> Iterator[Verdict]:
    for name in SERVICES:
        answer = getattr(snapshot, name)
        if answer.fault is None:
            continue
        text = translate(f"fault.{answer.fault.value}", service=translate(f"service.{name}"))
        if answer.read_at is None:
            text += translate("fault.never")
        else:
            text += translate("fault.stale", time=f"{answer.read_at.astimezone(SHANGHAI):%H:%M:%S}")
        yield Verdict(f"service.{name}", "bad", text)


def _messages(snapshot: Snapshot, translate: Translator) -> Iterator[Verdict]:
    """What no service could take in, and what has waited for minutes; well only where every service says so."""
    summaries = {name: getattr(snapshot, name).summary for name in SERVICES}
    known = {name: summary.messages for name, summary in summaries.items() if summary and summary.messages}

    def named(names: list[str]) -> str:
        return translate("and").join(translate(f"service.{name}") for name in names)

    if dead := [name for name, messages in known.items() if messages.dead_letters]:
        number = people(sum(known[name].dead_letters for name in dead))
        yield Verdict("messages.dead", "warn", translate("messages.dead", n=number, services=named(dead)))
    if late := [name for name, messages in known.items() if messages.unsent_minutes or messages.gap_minutes]:
        minutes = max(max(known[name].unsent_minutes, known[name].gap_minutes) for name in late)
        yield Verdict("messages.late", "bad", translate("messages.late", services=named(late), minutes=minutes))
    if not dead and not late and len(known) == len(SERVICES):
        yield Verdict("messages", "ok", translate("messages.none"))


def _money(payment: PaymentSummary, translate: Translator) -> Iterator[Verdict]:
    if (callbacks := payment.callbacks) is not None:
        if callbacks.waiting == 0:
            yield Verdict("callbacks", "ok", translate("callbacks.credited"))
        else:
            text = translate("callbacks.waiting", n=people(callbacks.waiting), yuan=yuan(callbacks.waiting_fen))
            if minutes := callbacks.waiting_minutes:
                text += translate("callbacks.oldest", minutes=minutes)
            # Crediting follows within a second; after a minute somebody should look.
            yield Verdict("callbacks", "warn" if minutes else "info", text)
    yield from _pile("suspense", payment.suspense, translate, some="warn", none=True)
    yield from _pile("quarantine", payment.quarantine, translate, some="warn", none=False)
    yield from _pile("parked", payment.parked, translate, some="info", none=False)
    yield from _pile("held", payment.held, translate, some="warn", none=True)
    yield from _pile("refunds", payment.refunds, translate, some="info", none=False)
    if (stray := payment.unattributed) is not None:
        if stray.fen and stray.fen == stray.suspense_fen and payment.suspense and payment.suspense.fen:
            # The same money as the sentence on suspense: one matter, counted once.
            yield Verdict("attributed", "info", translate("attributed.suspense", yuan=yuan(stray.fen)))
        elif stray.fen:
            yield Verdict("attributed", "warn", translate("attributed.money", yuan=yuan(stray.fen)))
        elif payment.towns:
            yield Verdict("attributed", "ok", translate("attributed.all"))


def _pile(key: str, pile: ItemSum | None, translate: Translator, *, some: Level, none: bool) -> Iterator[Verdict]:
    """A pile that should be empty: a sentence about what lies there, and perhaps one that nothing does."""
    if pile is None:
        return
    if pile.count or pile.fen:
        yield Verdict(key, some, translate(f"{key}.some", n=people(pile.count), yuan=yuan(pile.fen)))
    elif none:
        yield Verdict(key, "ok", translate(f"{key}.none"))


def _people(quota: QuotaProgress, translate: Translator) -> Iterator[Verdict]:
    if not quota.towns:
        yield Verdict("targets", "warn", translate("targets.none"))
    elif quota.unattributed.registered:
        text = translate("attributed.people", n=people(quota.unattributed.registered))
        yield Verdict("attributed.people", "warn", text)


def _flight(registration: RegistrationSummary, quota: QuotaProgress, translate: Translator) -> Verdict:
    """Counters follow registration's events: a gap is events on their way, and closes by itself."""
    registered = sum(town.registered for town in registration.towns) - quota.county.registered
    enrolled = sum(town.enrolled for town in registration.towns) - quota.county.enrolled
    if behind := max(registered, 0) + max(enrolled, 0):
        return Verdict("flight", "info", translate("flight.people", n=people(behind)))
    if ahead := max(-registered, 0) + max(-enrolled, 0):
        return Verdict("flight", "info", translate("flight.ahead", n=people(ahead)))
    return Verdict("flight", "ok", translate("flight.none"))


def _enrolling(payment: PaymentSummary, quota: QuotaProgress, translate: Translator) -> Iterator[Verdict]:
    """A person who has paid is enrolled as soon as registration has processed the payment."""
    paid = MoneyPosition.total([*payment.towns, payment.unattributed or MoneyPosition()]).paid_count
    if (behind := paid - quota.county.enrolled) > 0:
        yield Verdict("enrolling", "info", translate("enrolling", n=people(behind)))
