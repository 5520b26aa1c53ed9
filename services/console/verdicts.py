"""Verdicts: what the numbers mean, in plain sentences, the gravest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.console.figures import Figures
from services.console.listings import listings
from services.console.money_flow import total_money
from services.console.summaries import ItemSum, PaymentSummary, QuotaProgress, RegistrationSummary, Snapshot
from services.console.translations import Translator
from shared.domain.clock import SHANGHAI

Level = Literal["bad", "warn", "info", "ok"]
SERVICES = ("registration", "subsidy", "payment", "quota")
_ORDER: dict[Level, int] = {"bad": 0, "warn": 1, "info": 2, "ok": 3}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence, how grave it is, and what lists the rows behind it; ``key`` names it in both languages."""

    key: str
    level: Level
    text: str
    listings: tuple[str, ...] = ()


def verdicts(snapshot: Snapshot, figures: Figures, benefit_year: int) -> list[Verdict]:
    """Judge a snapshot. What no service reports is not judged."""
    found = [*_services(snapshot, figures.translate), *_messages(snapshot, figures)]
    if (payment := snapshot.payment.summary) is not None:
        found += _money(payment, figures)
    if (registration := snapshot.registration.summary) is not None and (held := registration.states.get("HELD", 0)):
        text = figures.translate("priced.held", n=figures.people(held))
        found.append(Verdict("priced.held", "warn", text, listings("priced.held", year=benefit_year)))
    if (quota := snapshot.quota.summary) is not None:
        found += _people(quota, figures, benefit_year)
        if registration is not None:
            found.append(_flight(registration, quota, figures))
        if payment is not None:
            found += _enrolling(payment, quota, figures)
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
        yield Verdict(f"service.{name}", "bad", text, listings("service"))


def _messages(snapshot: Snapshot, figures: Figures) -> Iterator[Verdict]:
    """What no service could process, and what has waited for minutes; well only where every service says so."""
    translate = figures.translate
    summaries = {name: getattr(snapshot, name).summary for name in SERVICES}
    known = {name: summary.messages for name, summary in summaries.items() if summary and summary.messages}

    def named(names: list[str]) -> str:
        return translate("and").join(translate(f"service.{name}") for name in names)

    if dead := [name for name, messages in known.items() if messages.dead_letters]:
        number = figures.people(sum(known[name].dead_letters for name in dead))
        text = translate("messages.dead", n=number, services=named(dead))
        where = tuple(each for name in dead for each in listings("messages.dead", service=name))
        yield Verdict("messages.dead", "warn", text, where)
    if late := [name for name, messages in known.items() if messages.unsent_minutes or messages.gap_minutes]:
        minutes = max(max(known[name].unsent_minutes, known[name].gap_minutes) for name in late)
        text = translate("messages.late", services=named(late), minutes=minutes)
        yield Verdict("messages.late", "bad", text, listings("messages.late"))
    if not dead and not late and len(known) == len(SERVICES):
        yield Verdict("messages", "ok", translate("messages.none"))


def _money(payment: PaymentSummary, figures: Figures) -> Iterator[Verdict]:
    if (callbacks := payment.callbacks) is not None:
        if callbacks.waiting == 0:
            yield Verdict("callbacks", "ok", figures.translate("callbacks.credited"))
        else:
            n, yuan = figures.people(callbacks.waiting), figures.yuan(callbacks.waiting_fen)
            text = figures.translate("callbacks.waiting", n=n, yuan=yuan)
            if minutes := callbacks.waiting_minutes:
                text += figures.translate("callbacks.oldest", minutes=minutes)
            # Crediting follows within a second; after a minute somebody should look.
            yield Verdict("callbacks", "warn" if minutes else "info", text, listings("callbacks"))
    yield from _items("suspense", payment.suspense, figures, some="warn", none=True)
    yield from _items("quarantine", payment.quarantine, figures, some="warn", none=False)
    yield from _items("parked", payment.parked, figures, some="info", none=False)
    yield from _items("held", payment.held, figures, some="warn", none=True)
    yield from _items("refunds", payment.refunds, figures, some="info", none=False)
    yield from _attributed(payment, figures)


def _items(key: str, items: ItemSum | None, figures: Figures, *, some: Level, none: bool) -> Iterator[Verdict]:
    """Items of which there should be none: a sentence about those there are, and perhaps one that there are none."""
    if items is None:
        return
    if items.count or items.fen:
        text = figures.translate(f"{key}.some", n=figures.people(items.count), yuan=figures.yuan(items.fen))
        yield Verdict(key, some, text, listings(key))
    elif none:
        yield Verdict(key, "ok", figures.translate(f"{key}.none"))


def _attributed(payment: PaymentSummary, figures: Figures) -> Iterator[Verdict]:
    stray = payment.unattributed
    if stray is None:
        return
    if stray.fen and stray.fen == stray.suspense_fen and payment.suspense and payment.suspense.fen:
        # The same money as the sentence on suspense: one matter, counted once.
        text = figures.translate("attributed.suspense", yuan=figures.yuan(stray.fen))
        yield Verdict("attributed", "info", text, listings("attributed.suspense"))
    elif stray.fen:
        text = figures.translate("attributed.money", yuan=figures.yuan(stray.fen))
        yield Verdict("attributed", "warn", text, listings("attributed"))
    elif payment.towns:
        yield Verdict("attributed", "ok", figures.translate("attributed.all"))


def _people(quota: QuotaProgress, figures: Figures, benefit_year: int) -> Iterator[Verdict]:
    if not quota.towns:
        yield Verdict("targets", "warn", figures.translate("targets.none"), listings("targets"))
    elif quota.unattributed.registered:
        text = figures.translate("attributed.people", n=figures.people(quota.unattributed.registered))
        yield Verdict("attributed.people", "warn", text, listings("attributed.people", year=benefit_year))


def _flight(registration: RegistrationSummary, quota: QuotaProgress, figures: Figures) -> Verdict:
    """Counters follow registration's events: a gap is events on their way, and closes by itself."""
    registered = sum(town.registered for town in registration.towns) - quota.county.registered
    enrolled = sum(town.enrolled for town in registration.towns) - quota.county.enrolled
    if behind := max(registered, 0) + max(enrolled, 0):
        text = figures.translate("flight.people", n=figures.people(behind))
    elif ahead := max(-registered, 0) + max(-enrolled, 0):
        text = figures.translate("flight.ahead", n=figures.people(ahead))
    else:
        return Verdict("flight", "ok", figures.translate("flight.none"))
    return Verdict("flight", "info", text, listings("flight"))


def _enrolling(payment: PaymentSummary, quota: QuotaProgress, figures: Figures) -> Iterator[Verdict]:
    """A person who has paid is enrolled as soon as registration has processed the payment."""
    if (behind := figures.rounded(total_money(payment).paid_count) - quota.county.enrolled) > 0:
        text = figures.translate("enrolling", n=figures.people(behind))
        yield Verdict("enrolling", "info", text, listings("enrolling"))
