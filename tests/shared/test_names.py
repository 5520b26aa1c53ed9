"""Each code that is stored, sent or shown has a name in Chinese and English, and no name is left without its code."""

import re
from enum import StrEnum

import pytest

from services.composition import SERVICES
from services.payment.batches.state import BatchKind, BatchState, HoldStage, MoneyLocation
from services.payment.bills.state import BillState, Superseded
from services.payment.cash.import_decision import ImportFailure
from services.payment.cash_refunds.state import CashRefundState, Signature
from services.payment.crediting.decision import Quarantine
from services.payment.orders.state import OrderState
from services.payment.refunds.state import RefundState
from services.payment.suspense.reasons import SuspenseReason
from services.payment.suspense.state import SuspenseState
from services.registration.enrolments.state import State
from shared.domain.identity_number import DocumentType
from shared.names import Name, all_names, chinese_names, names_of
from shared.policy.reasons import Ruling
from shared.policy.schedule import Outcome
from shared.policy.vocabulary import (
    Channel,
    EnrolmentStatus,
    Funder,
    Hukou,
    Identity,
    InsuranceStatus,
    InsuranceType,
    ReasonCode,
    RefundReason,
    Relation,
    Residence,
    SchoolLevel,
)

CODES: dict[str, type[StrEnum]] = {
    "identity": Identity,
    "channel": Channel,
    "funder": Funder,
    "document_type": DocumentType,
    "hukou": Hukou,
    "residence": Residence,
    "insurance_type": InsuranceType,
    "insurance_status": InsuranceStatus,
    "relation": Relation,
    "school_level": SchoolLevel,
    "refund_reason": RefundReason,
    "ruling": Ruling,
    "ruling_reason": ReasonCode,
    "outcome": Outcome,
    "enrolment_state": State,
    "enrolment_status": EnrolmentStatus,
    "bill_state": BillState,
    "bill_superseded": Superseded,
    "order_state": OrderState,
    "batch_kind": BatchKind,
    "batch_state": BatchState,
    "batch_held_at": HoldStage,
    "money_place": MoneyLocation,
    "cash_refund_state": CashRefundState,
    "signature": Signature,
    "import_failure": ImportFailure,
    "refund_state": RefundState,
    "suspense_state": SuspenseState,
    "suspense_reason": SuspenseReason,
    "quarantine_reason": Quarantine,
}
# Codes that stand in no enum: with the place that defines them.
WRITTEN_OUT = {
    "receipt_state": {"USED", "WRITTEN_OFF", "RECALLED"},  # the CHECK constraint of cash_receipt
    "service": {service.name for service in SERVICES if service.mount is None},
    "account": {
        "village_cash",
        "collector_short",
        "channel",
        "pending",
        "in_transit",
        "treasury",
    },  # on the page
}


@pytest.mark.parametrize("group", CODES)
def test_a_group_names_exactly_the_codes_of_its_enum(group: str) -> None:
    assert list(names_of(group)) == [code.value for code in CODES[group]]


@pytest.mark.parametrize("group", WRITTEN_OUT)
def test_a_group_without_an_enum_names_exactly_its_codes(group: str) -> None:
    assert set(names_of(group)) == WRITTEN_OUT[group]


def test_every_group_of_the_file_is_compared() -> None:
    assert all_names().keys() == CODES.keys() | WRITTEN_OUT.keys()


@pytest.mark.parametrize("group", [*CODES, *WRITTEN_OUT])
def test_names_are_in_both_languages_and_differ_within_a_group(group: str) -> None:
    for code, name in names_of(group).items():
        assert re.search("[\u4e00-\u9fff]", name.zh), code
        assert re.search("[a-zA-Z]", name.en), code
        assert not re.search("[\u4e00-\u9fff]", name.en), code
    for half in (0, 1):
        halves = [name[half] for name in names_of(group).values()]
        assert len(halves) == len(set(halves))


def test_a_name_shows_both_languages() -> None:
    assert str(Name("已缴费", "paid")) == "已缴费 · paid"
    assert chinese_names("ruling") == {"ACCEPT": "受理", "REJECT": "不受理", "HOLD": "暂缓"}
    assert Identity.DIBAO.name_zh == "低保对象"
