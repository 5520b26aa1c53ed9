"""Breaks of what was sealed and changed since: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import copied, delete_one, update_one

_SEALED_BY_SOMEBODY = (
    "INSERT INTO sealed_block SELECT table_name, block + 1, form, last_written_by, last_id, last_written_by,"
    " gen_random_uuid(), 1, content, hash, content, sealed_at FROM sealed_block WHERE table_name = 'transfer'"
    " ORDER BY block DESC LIMIT 1"
)


_PURGED_ROWS = (
    "DELETE FROM outbox WHERE (written_by, id) <= (SELECT last_written_by, last_id FROM sealed_block"
    " WHERE table_name = 'outbox' AND block = 1)"
)

BREAKS = (
    Break(
        "a transfer of which another account is said",
        "SEALS_CONTENT",
        "payment",
        (update_one("transfer", "person_token = 'somebody else'", "kind = 'premium_received'"),),
        query="_CONTENT",
    ),
    Break(
        "an envelope replaced by another",
        "SEALS_CONTENT",
        "payment",
        (update_one("raw_notice", "envelope = '\\x00'", "kind = 'PAYMENT'"),),
    ),
    Break(
        "an announced amount changed",
        "SEALS_CONTENT",
        "subsidy",
        (update_one("outbox", "payload = '{}'::json", "true"),),
    ),
    Break("an event sealed and deleted", "SEALS_CONTENT", "quota", (delete_one("outbox", "true"),)),
    Break(
        "a transfer slipped in among sealed ones",
        "SEALS_CONTENT",
        "payment",
        (copied("premium_received", idempotency_key="'slipped in'", written_by="written_by"),),
    ),
    Break(
        "rows of a purged block",
        "SEALS_CONTENT",
        "payment",
        ("INSERT INTO purged_block VALUES ('outbox', 1, now() + interval '31 days')",),
    ),
    Break(
        "a block of another content",
        "SEALS_CHAIN",
        "payment",
        ("UPDATE sealed_block SET content = sha256(content) WHERE table_name = 'transfer' AND block = 1",),
    ),
    Break(
        "blocks missing before the first that stands there",
        "SEALS_CHAIN",
        "registration",
        ("UPDATE sealed_block SET block = block + 1000, previous = sha256(previous) WHERE table_name = 'outbox'",),
    ),
    Break("a block invented", "SEALS_CHAIN", "payment", (_SEALED_BY_SOMEBODY,)),
    Break(
        "blocks no longer append-only",
        "SEALS_CHAIN",
        "quota",
        ("ALTER TABLE sealed_block DISABLE TRIGGER sealed_block_append_only",),
        query="_REWRITABLE",
    ),
    Break(
        "a service allowed to rewrite its blocks",
        "SEALS_CHAIN",
        "subsidy",
        ("GRANT UPDATE ON sealed_block TO subsidy_app",),
    ),
    Break(
        "a block purged before its time",
        "SEALS_PURGED",
        "subsidy",
        (
            _PURGED_ROWS,
            "INSERT INTO purged_block VALUES ('outbox', 1, now())",
        ),
        query="_PURGED",
    ),
    Break(
        "the books purged",
        "SEALS_PURGED",
        "payment",
        ("INSERT INTO purged_block VALUES ('transfer', 1, now() + interval '31 days')",),
    ),
    Break(
        "rows that nobody seals",
        "SEALS_CURRENT",
        "payment",
        (copied("premium_received", idempotency_key="'unsealed'", recorded_at="now() - interval '11 minutes'"),),
        query="_UNSEALED",
    ),
    Break(
        "rows of a transaction that has not begun",
        "SEALS_CURRENT",
        "payment",
        (copied("premium_received", idempotency_key="'tomorrow'", written_by="'9223372036854775807'::xid8"),),
    ),
)
