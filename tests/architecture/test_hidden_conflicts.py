"""A5: row security hides rows that a constraint still sees: who meets one gets an answer, and has a way on.

A unique index counts the rows of every region. So each index over a protected table whose columns do not hold the
region stands here, with what becomes of a caller who meets a row that it cannot see.
"""

from services.composition import WITH_DATABASE
from tests.harness.installation import Installation

OURS = "made here and used once: nobody else's meets it"
WHOLE_AREA = "written by workers, or for offices, that see the whole area: nothing is hidden from them"
_INDEXES = """
    SELECT i.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_index x
    JOIN pg_class t ON t.oid = x.indrelid AND t.relrowsecurity
    JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_attribute a ON a.attrelid = i.oid
    WHERE x.indisunique OR x.indisexclusion
    GROUP BY i.relname
"""
# Every database has these, for events and approvals.
SHARED = {
    "approval_waiting": "its subject lies in the region of who proposes",
    "dead_letter_event_id_key": WHOLE_AREA,
    "outbox_key_aggregate_seq_key": OURS,
    "parked_event_pkey": WHOLE_AREA,
}
MET = {
    "registration": {
        "api_client_pkey": WHOLE_AREA,
        "enrolment_one_live_per_person_and_year": "409 ALREADY_ENROLLED; where is not said, the county sees it",
        "region_directory_pkey": "its code is its region",
    },
    "subsidy": {
        "assessment_pkey": WHOLE_AREA,
        "roster_line_in_force": "counted as unchanged: the person holds that identity, by the roster of another region",
    },
    "payment": {
        "bank_line_booking_form": WHOLE_AREA,
        "bank_line_of_statement_form": WHOLE_AREA,
        "bill_enrolment_id_version_key": WHOLE_AREA,
        "bill_flow_line_pkey": WHOLE_AREA,
        "bill_one_live": WHOLE_AREA,
        "bill_trade_line_pkey": WHOLE_AREA,
        "billed_merchant_pkey": WHOLE_AREA,
        "cash_receipt_form": "409 RECEIPT_NUMBER_TAKEN: the paper's number was given twice, and is named",
        "cash_receipt_receipt_no_key": "409 RECEIPT_NUMBER_TAKEN: the paper's number was given twice, and is named",
        "cash_refund_pkey": WHOLE_AREA,
        "channel_bill_channel_merchant_id_kind_bill_day_key": WHOLE_AREA,
        "channel_bill_content_pkey": WHOLE_AREA,
        "collection_line_pkey": OURS,
        "deposit_slip_form": "409 SLIP_NUMBER_TAKEN: the paper's number was given twice",
        "deposit_slip_pkey": "409 SLIP_NUMBER_TAKEN: the paper's number was given twice",
        "ended_enrolment_pkey": WHOLE_AREA,
        "order_line_one_open": "the order is seen through its line, and closed first (ADR 142)",
        "order_line_pkey": OURS,
        "payment_one_per_transaction": WHOLE_AREA,
        "payment_order_order_no_key": OURS,
        "raw_notice_channel_notify_id_key": WHOLE_AREA,
        "refund_refund_no_key": OURS,
        "refund_suspense_id_key": "its suspended money lies in the same region",
        "document_look_alike_kind_document_id_key": "written by a migration, which sees the whole area",
        "remittance_batch_certificate_form": WHOLE_AREA,
        "payout_bill_id_line_no_key": WHOLE_AREA,
        "read_bill_pkey": WHOLE_AREA,
        "suspense_decision_batch_id_key": OURS,
        "suspense_decision_bill_id_key": "a bill is paid once: its row, which is held, says so before",
        "suspense_decision_final": "its suspended money lies in the same region",
        "settlement_difference_of_line": WHOLE_AREA,
        "settlement_difference_of_payment": WHOLE_AREA,
        "settlement_difference_unasked_id_key": WHOLE_AREA,
        "unasked_refund_channel_merchant_id_channel_refund_id_paymen_key": WHOLE_AREA,
        "worked_bill_pkey": WHOLE_AREA,
        "remittance_batch_certificate_no_key": WHOLE_AREA,
        "remittance_batch_collection_notice_serial_key": WHOLE_AREA,
        "remittance_batch_serial_form": WHOLE_AREA,
        "remittance_batch_statement_form": "409 STATEMENT_NUMBER_TAKEN: the paper's number was given twice",
        "remittance_batch_previous_batch_id_key": WHOLE_AREA,
        "remittance_batch_settlement": WHOLE_AREA,
        "remittance_batch_statement": "409 STATEMENT_NUMBER_TAKEN: the paper's number was given twice",
        "remittance_line_once": WHOLE_AREA,
        "remittance_line_pkey": WHOLE_AREA,
        "remittance_move_pkey": WHOLE_AREA,
        "detail_fetch_under_way": WHOLE_AREA,
        "detail_line_pkey": WHOLE_AREA,
        "remittance_move_under_way": WHOLE_AREA,
        "suspense_one_claim": WHOLE_AREA,
        "suspense_payment_line_id_key": WHOLE_AREA,
        "transfer_idempotency_key_key": "made of ids, and of receipts of the caller's own region",
        "unpriced_enrolment_pkey": WHOLE_AREA,
    },
    "quota": {
        "town_target_county_benefit_year_version_name_key": "its county is its region",
    },
}


async def test_every_constraint_that_sees_more_than_its_caller_says_what_the_caller_is_answered(
    installation: Installation,
) -> None:
    """A5: a new one fails here until somebody has thought about who meets it."""
    for service in WITH_DATABASE:
        found = {
            row["name"]
            for row in await installation.sql(service, _INDEXES)
            if row["columns"] != ["id"] and "region" not in row["columns"]
        }
        assert found == {*MET[service], *SHARED}, service
