"""What institutions say and are answered over HTTP; amounts in fen."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.payment.crediting.direct.state import DirectState
from services.payment.people.service import NameVerdict
from shared.domain.identity_number import DocumentType
from shared.policy.vocabulary import Channel
from shared.web.fields import Day, Moment, PersonName, Year, example

_PERSON = {"document_type": "RESIDENT_ID", "document_number": "411521199001010012", "name": "张三"}
_MAX_FEN = 100_000_000
Sequence = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Fen = Annotated[int, Field(gt=0, le=_MAX_FEN, strict=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentPersonIn(_Strict):
    """Whom it is about, by their document; the number is forgotten once it is a token."""

    document_type: DocumentType
    document_number: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    name: PersonName


class AgentBillQueryIn(AgentPersonIn):
    """What does this person owe?"""

    model_config = example(**_PERSON)


class AgentPaymentIn(AgentPersonIn):
    """This person paid this amount for this benefit year.

    ``business_date`` and ``sequence`` are the institution's own number of it; ``paid_at`` decides what was due.
    """

    model_config = example(
        **_PERSON,
        channel="HRB_BANK_COUNTER",
        business_date="2023-10-09",
        sequence="000123",
        benefit_year=2024,
        amount_fen=38000,
        paid_at="2023-10-09T09:30:00+08:00",
    )
    channel: Channel
    business_date: Day
    sequence: Sequence
    benefit_year: Year
    amount_fen: Fen
    paid_at: Moment


class AgentReversalIn(_Strict):
    """This payment is taken back (冲正), whether or not it has come."""

    model_config = example(
        business_date="2023-10-09", sequence="000123", amount_fen=38000, reversed_at="2023-10-09T09:31:00+08:00"
    )
    business_date: Day
    sequence: Sequence
    amount_fen: Fen
    reversed_at: Moment


class AgentPaymentQueryIn(_Strict):
    """What became of this payment?"""

    model_config = example(business_date="2023-10-09", sequence="000123")
    business_date: Day
    sequence: Sequence


class AgentBillOut(BaseModel):
    """What a person owes for one benefit year today; ``due_fen`` and ``pay_until`` only where something is DUE."""

    benefit_year: int
    state: Literal["DUE", "NOT_DUE_NOW", "PAID", "NOTHING_DUE"]
    due_fen: int | None = None
    pay_until: date | None = None


class AgentBillsOut(BaseModel):
    """Whether the person is registered, whether the name is theirs, and what they owe.

    REGISTER_FIRST: nobody of that document is registered in the institution's region. Where the name differs, nothing
    of what they owe is said. Registered people without a bill are not priced yet.
    """

    registration: Literal["REGISTERED", "REGISTER_FIRST"]
    name: NameVerdict | None = None
    bills: list[AgentBillOut]


class AgentOutcomeOut(BaseModel):
    """What became of a payment or reversal; ``repeated`` where the same word had come before.

    CREDITED: it pays its bill. REFUSED: nothing was booked, by ``reason``; give the money back. REVERSED: it was taken
    back. AWAITED: a reversal whose payment has not come; it will pay nothing. SUSPENDED: it came by file, and pays no
    bill. NOT_KNOWN: no payment and no reversal stands under that number.
    """

    state: DirectState | Literal["NOT_KNOWN"]
    reason: str | None = None
    repeated: bool = False
