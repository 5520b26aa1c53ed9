"""Where the steps of an enrolment's chain are written down, database by database; every query is bounded.

A row's id says when it was made; what has no id of its own shows when it was recorded.
"""

EVENTS = """
    SELECT id, event, payload, coalesce(uuid_extract_timestamp(id), recorded_at) AS recorded_at, published_at,
           causation_id, aggregate_seq
    FROM proof.outbox WHERE aggregate_id = :enrolment ORDER BY aggregate_seq LIMIT :most
"""


def _fact(
    table: str,
    key: str,
    what: str,
    details: str,
    *,
    joins: str = "",
    where: str,
    cause: str = "NULL::uuid",
    at: str = "coalesce(uuid_extract_timestamp(fact.id), to_timestamp(0))",
) -> str:
    return f"""
        SELECT {key}::text AS id, {at} AS at, {what} AS what, ({cause})::text AS caused_by,
               jsonb_build_object({details}) AS details
        FROM proof.{table} AS fact {joins} WHERE {where} ORDER BY at LIMIT :most
    """  # noqa: S608 - the callers below, all constants


_OF_ENROLMENT = "fact.enrolment_id = :enrolment"

FACTS: tuple[tuple[str, str], ...] = (
    (
        "registration",
        _fact(
            "enrolment",
            "fact.id",
            "'参保登记 registered'",
            "'region', fact.region, 'benefit_year', fact.benefit_year, 'registered_on', fact.registered_on,"
            " 'now', fact.state, 'cover', fact.benefit_start",
            where="fact.id = :enrolment",
        ),
    ),
    (
        "subsidy",
        _fact(
            "assessment",
            "concat('assessment ', fact.version)",
            "'应缴核定 assessed'",
            "'version', fact.version, 'outcome', fact.outcome, 'reason', fact.reason_code",
            where=_OF_ENROLMENT,
            at="fact.recorded_at",
        ),
    ),
    (
        "payment",
        _fact(
            "bill",
            "fact.id",
            "'缴费单 bill'",
            "'version', fact.version, 'now', fact.state, 'due_fen', fact.due_fen, 'paid_on', fact.paid_on",
            where=_OF_ENROLMENT,
        ),
    ),
    (
        "payment",
        _fact(
            "order_line",
            "fact.order_id",
            "'缴费订单 order'",
            "'order_no', placed.order_no, 'channel', placed.channel, 'amount_fen', fact.amount_fen,"
            " 'now', placed.state",
            joins="JOIN proof.payment_order AS placed ON placed.id = fact.order_id",
            where=_OF_ENROLMENT,
            at="coalesce(uuid_extract_timestamp(fact.order_id), to_timestamp(0))",
        ),
    ),
    (
        "payment",
        _fact(
            "notice",
            "fact.id",
            "'渠道通知 notice'",
            "'channel', fact.channel, 'transaction', fact.transaction_id, 'amount_fen', fact.amount_fen,"
            " 'source', fact.source, 'now', fact.state, 'reason', fact.reason",
            where=(
                "fact.order_no IN (SELECT placed.order_no FROM proof.order_line AS line JOIN proof.payment_order AS"
                " placed ON placed.id = line.order_id WHERE line.enrolment_id = :enrolment)"
            ),
        ),
    ),
    (
        "payment",
        _fact(
            "payment_line",
            "fact.id",
            "'缴费 payment'",
            "'transaction', paid.transaction_id, 'amount_fen', fact.amount_fen, 'state', fact.state,"
            " 'settled_on', fact.settled_on",
            joins="JOIN proof.payment AS paid ON paid.id = fact.payment_id",
            where=_OF_ENROLMENT,
        ),
    ),
    (
        "payment",
        _fact(
            "cash_receipt",
            "fact.id",
            "'现金收据 receipt'",
            "'receipt_no', fact.receipt_no, 'amount_fen', fact.amount_fen, 'received_on', fact.received_on,"
            " 'now', fact.state",
            where=_OF_ENROLMENT,
        ),
    ),
    (
        "payment",
        _fact(
            "cash_refund",
            "concat('refund of ', receipt.receipt_no)",
            "'现金退还 cash refund'",
            "'receipt_no', receipt.receipt_no, 'amount_fen', receipt.amount_fen, 'now', fact.state,"
            " 'returned_on', fact.returned_on",
            joins="JOIN proof.cash_receipt AS receipt ON receipt.id = fact.receipt_id",
            where="receipt.enrolment_id = :enrolment",
            at="fact.recorded_at",
        ),
    ),
    (
        "payment",
        _fact(
            "suspense",
            "fact.id",
            "'待查 suspense'",
            "'reason', fact.reason, 'amount_fen', fact.amount_fen, 'now', fact.state",
            where=_OF_ENROLMENT,
        ),
    ),
    (
        "payment",
        _fact(
            "refund",
            "fact.id",
            "'退费 refund'",
            "'refund_no', fact.refund_no, 'amount_fen', fact.amount_fen, 'now', fact.state,"
            " 'refunded_on', fact.refunded_on",
            where=_OF_ENROLMENT,
        ),
    ),
    (
        "payment",
        _fact(
            "transfer",
            "fact.id",
            "concat('分录 ', fact.debit, ' ← ', fact.credit)",
            "'amount_fen', fact.amount_fen, 'effective_on', fact.effective_on",
            where=_OF_ENROLMENT,
            cause="fact.caused_by",
        ),
    ),
    (
        "payment",
        _fact(
            "remittance_step",
            "fact.id",
            "concat('上解批次 batch ', lower(fact.step))",
            "'batch', fact.batch_id, 'to', fact.to_state, 'on', fact.effective_on, 'serial',"
            " batch.collection_notice_serial, 'certificate', CASE fact.to_state WHEN 'CERTIFICATE_ISSUED' THEN"
            " batch.certificate_no END",
            joins="JOIN proof.remittance_batch AS batch ON batch.id = fact.batch_id",
            where="fact.batch_id IN (SELECT line.batch_id FROM proof.remittance_line AS line"
            " WHERE line.enrolment_id = :enrolment)",
        ),
    ),
)
