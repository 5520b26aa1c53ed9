"""Verdicts: what the numbers mean, in plain sentences, the gravest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.console.figures import people, yuan
from services.console.summaries import Money, PaymentSummary, Pile, QuotaProgress, RegistrationSummary, Snapshot
from services.console.words import Say
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


def verdicts(snapshot: Snapshot, say: Say) -> list[Verdict]:
    """Judge a snapshot. What no service reports is not judged."""
    found = [*_services(snapshot, say), *_messages(snapshot, say)]
    if (payment := snapshot.payment.summary) is not None:
        found += _money(payment, say)
    if (registration := snapshot.registration.summary) is not None and (held := registration.states.get("HELD", 0)):
        found.append(Verdict("priced.held", "warn", say("priced.held", n=people(held))))
    if (quota := snapshot.quota.summary) is not None:
        found += _people(quota, say)
        if registration is not None:
            found.append(_flight(registration, quota, say))
        if payment is not None:
            found += _enrolling(payment, quota, say)
    return sorted(found, key=lambda verdict: _ORDER[verdict.level])


def headline(found: list[Verdict], say: Say) -> Verdict:
    """All verdicts in one sentence."""
    levels: tuple[Level, ...] = ("bad", "warn")
    for level in levels:
        if number := sum(verdict.level == level for verdict in found):
            return Verdict("headline", level, say(f"headline.{level}", n=number))
    return Verdict("headline", "ok", say("headline.ok"))


def _services(snapshot: Snapshot, say: Say) -> Iterator[Verdict]:
    for name in SERVICES:
        answer = getattr(snapshot, name)
        if answer.fault is None:
            continue
        text = say(f"fault.{answer.fault.value}", service=say(f"service.{name}"))
        if answer.read_at is None:
            text += say("fault.never")
        else:
            text += say("fault.stale", time=f"{answer.read_at.astimezone(SHANGHAI):%H:%M:%S}")
        yield Verdict(f"service.{name}", "bad", text)


def _messages(snapshot: Snapshot, say: Say) -> Iterator[Verdict]:
    """What no service could take in, and what has waited for minutes; well only where every service says so."""
    summaries = {name: getattr(snapshot, name).summary for name in SERVICES}
    known = {name: summary.messages for name, summary in summaries.items() if summary and summary.messages}

    def named(names: list[str]) -> str:
        return say("and").join(say(f"service.{name}") for name in names)

    if dead := [name for name, messages in known.items() if messages.dead_letters]:
        number = people(sum(known[name].dead_letters for name in dead))
        yield Verdict("messages.dead", "warn", say("messages.dead", n=number, services=named(dead)))
    if late := [name for name, messages in known.items() if messages.unsent_minutes or messages.gap_minutes]:
        minutes = max(max(known[name].unsent_minutes, known[name].gap_minutes) for name in late)
        yield Verdict("messages.late", "bad", say("messages.late", services=named(late), minutes=minutes))
    if not dead and not late and len(known) == len(SERVICES):
        yield Verdict("messages", "ok", say("messages.none"))


def _money(payment: PaymentSummary, say: Say) -> Iterator[Verdict]:
    if (callbacks := payment.callbacks) is not None:
        if callbacks.waiting == 0:
            yield Verdict("callbacks", "ok", say("callbacks.credited"))
        else:
            text = say("callbacks.waiting", n=people(callbacks.waiting), yuan=yuan(callbacks.waiting_fen))
            if minutes := callbacks.waiting_minutes:
                text += say("callbacks.oldest", minutes=minutes)
            # Crediting follows within a second; after a minute somebody should look.
            yield Verdict("callbacks", "warn" if minutes else "info", text)
    yield from _pile("suspense", payment.suspense, say, some="warn", none=True)
    yield from _pile("quarantine", payment.quarantine, say, some="warn", none=False)
    yield from _pile("parked", payment.parked, say, some="info", none=False)
    yield from _pile("held", payment.held, say, some="warn", none=True)
    yield from _pile("refunds", payment.refunds, say, some="info", none=False)
    if (stray := payment.unattributed) is not None:
        if stray.fen and stray.fen == stray.suspense_fen and payment.suspense and payment.suspense.fen:
            # The same money as the sentence on suspense: one matter, counted once.
            yield Verdict("attributed", "info", say("attributed.suspense", yuan=yuan(stray.fen)))
        elif stray.fen:
            yield Verdict("attributed", "warn", say("attributed.money", yuan=yuan(stray.fen)))
        elif payment.towns:
            yield Verdict("attributed", "ok", say("attributed.all"))


def _pile(key: str, pile: Pile | None, say: Say, *, some: Level, none: bool) -> Iterator[Verdict]:
    """A pile that should be empty: a sentence about what lies there, and perhaps one that nothing does."""
    if pile is None:
        return
    if pile.count or pile.fen:
        yield Verdict(key, some, say(f"{key}.some", n=people(pile.count), yuan=yuan(pile.fen)))
    elif none:
        yield Verdict(key, "ok", say(f"{key}.none"))


def _people(quota: QuotaProgress, say: Say) -> Iterator[Verdict]:
    if not quota.towns:
        yield Verdict("targets", "warn", say("targets.none"))
    elif quota.unattributed.registered:
        text = say("attributed.people", n=people(quota.unattributed.registered))
        yield Verdict("attributed.people", "warn", text)


def _flight(registration: RegistrationSummary, quota: QuotaProgress, say: Say) -> Verdict:
    """Counters follow registration's events: a gap is events on their way, and closes by itself."""
    registered = sum(town.registered for town in registration.towns) - quota.county.registered
    enrolled = sum(town.enrolled for town in registration.towns) - quota.county.enrolled
    if behind := max(registered, 0) + max(enrolled, 0):
        return Verdict("flight", "info", say("flight.people", n=people(behind)))
    if ahead := max(-registered, 0) + max(-enrolled, 0):
        return Verdict("flight", "info", say("flight.ahead", n=people(ahead)))
    return Verdict("flight", "ok", say("flight.none"))


def _enrolling(payment: PaymentSummary, quota: QuotaProgress, say: Say) -> Iterator[Verdict]:
    """Who has paid is enrolled as soon as registration has heard of it."""
    paid = Money.total([*payment.towns, payment.unattributed or Money()]).paid_count
    if (behind := paid - quota.county.enrolled) > 0:
        yield Verdict("enrolling", "info", say("enrolling", n=people(behind)))
