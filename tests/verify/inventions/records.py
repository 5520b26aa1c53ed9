"""Frauds with events and with the seals."""

from tests.verify.inventions.invention import Invention, done_in

RECORDS = (
    # Events.
    Invention(
        "an enrolment called paid whose event is on its way since long ago",
        "PAID_MEANS_CREDITED",
        (
            *done_in(
                "registration",
                "ALTER TABLE enrolment DROP CONSTRAINT enrolment_paid_whole_check",
                "UPDATE enrolment SET state = 'PENDING_PAYMENT', paid_basis = NULL WHERE paid_fen = 18000",
                "UPDATE cursor SET seq = 1, last_event_id = NULL WHERE publisher = 'payment' AND aggregate_id ="
                " (SELECT id FROM enrolment WHERE paid_fen = 18000)",
            ),
            *done_in("payment", "UPDATE outbox SET recorded_at = recorded_at - interval '2 days'"),
        ),
        sealed_again=True,
    ),
    Invention(
        "events called those of a later epoch",
        "EVENTS_CONTIGUOUS",
        done_in(
            "payment",
            "INSERT INTO epoch (epoch, began_by, because, restored_to) VALUES (2, 'x', 'x', now())",
            "INSERT INTO outbox_moved (id, epoch) SELECT id, 2 FROM outbox WHERE event LIKE '%contribution_paid%'",
        ),
    ),
    # The seals themselves.
    Invention(
        "a books line rewritten and everything sealed again",
        "SEALS_ANCHOR",
        done_in("payment", "UPDATE transfer SET actor = 'innocent', correlation_id = gen_random_uuid()"),
        sealed_again=True,
    ),
    Invention(
        "a bank lines account rewritten and everything sealed again",
        "SEALS_ANCHOR",
        done_in("payment", "UPDATE bank_line SET account = 'mine'"),
        sealed_again=True,
    ),
    Invention(
        "an anchored block laundered as if a restoration had abandoned it",
        "SEALS_ANCHOR",
        done_in(
            "payment",
            "INSERT INTO epoch (epoch, began_by, because, restored_to, abandoned) SELECT 2, 'x', 'x', now(),"
            " jsonb_build_object('transfer', jsonb_agg(jsonb_build_object('block', block,"
            " 'hash', encode(hash, 'hex'))))"
            " FROM sealed_block WHERE table_name = 'transfer'",
            "UPDATE transfer SET actor = 'innocent'",
        ),
        sealed_again=True,
    ),
    Invention(
        "an anchored block laundered by a restoration to long ago",
        "EVENTS_CONTIGUOUS",
        done_in(
            "payment",
            "INSERT INTO epoch (epoch, began_at, began_by, because, restored_to, abandoned) SELECT 2, now(), 'x', 'x',"
            " now() - interval '10 days', jsonb_build_object('transfer', jsonb_agg(jsonb_build_object('block', block,"
            " 'hash', encode(hash, 'hex')))) FROM sealed_block WHERE table_name = 'transfer'",
            "UPDATE transfer SET actor = 'innocent'",
        ),
        sealed_again=True,
    ),
    Invention(
        "a service allowed to forget that it was sealed",
        "SEALS_CHAIN",
        done_in("payment", "DROP TRIGGER sealed_block_append_only ON sealed_block"),
    ),
    Invention(
        "all blocks of the books thrown away",
        "SEALS_CURRENT",
        done_in("payment", "DELETE FROM sealed_block WHERE table_name = 'transfer'"),
    ),
    Invention(
        "an outbox older than its blocks emptied as if it were purged",
        "SEALS_PURGED",
        done_in(
            "payment",
            "DELETE FROM outbox",
            "INSERT INTO purged_block (table_name, block, purged_at) SELECT table_name, block, now() FROM sealed_block"
            " WHERE table_name = 'outbox'",
        ),
    ),
)
