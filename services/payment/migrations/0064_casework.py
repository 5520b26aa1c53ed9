"""Suspended money as casework: what two people decided about it, and the office that has to act."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0064"
down_revision = "payment_0035"
branch_labels = None
depends_on = None

_WHO = """
    region text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
"""
# A decision has the id of the approval that took it, so that neither stands without the other.
DECISION = f"""
CREATE TABLE suspense_decision (
    id uuid PRIMARY KEY REFERENCES approval,
    suspense_id uuid NOT NULL REFERENCES suspense,
    kind text NOT NULL CHECK (kind IN ('MATCH', 'REFUND', 'CARRY_OVER')),
    decided_on date NOT NULL,
    bill_id uuid UNIQUE REFERENCES bill,
    applied_on date,
    batch_id uuid UNIQUE REFERENCES remittance_batch,
    benefit_year integer CHECK (benefit_year BETWEEN 2000 AND 2100),
    {_WHO},
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT suspense_decision_match CHECK ((kind = 'MATCH') = (num_nulls(bill_id, applied_on) = 0)),
    CONSTRAINT suspense_decision_no_part_of_a_match CHECK (
        kind = 'MATCH' OR num_nonnulls(bill_id, applied_on, batch_id) = 0),
    CONSTRAINT suspense_decision_year CHECK ((kind = 'CARRY_OVER') = (benefit_year IS NOT NULL)),
    CONSTRAINT suspense_decision_not_before_its_payment CHECK (applied_on <= decided_on OR applied_on IS NULL)
)
"""
ASSIGNMENT = f"""
CREATE TABLE suspense_assignment (
    id uuid PRIMARY KEY,
    suspense_id uuid NOT NULL REFERENCES suspense,
    office text NOT NULL CHECK (office IN ('TOWNSHIP', 'COUNTY_AGENCY', 'REFUND_DESK', 'TAX_BUREAU')),
    because text NOT NULL CHECK (because <> ''),
    assigned_on date NOT NULL,
    {_WHO}
)
"""
TABLES = {"suspense_decision": DECISION, "suspense_assignment": ASSIGNMENT}
INDEXES = (
    # Money is matched or given back once; it may be carried over again, to another year.
    "CREATE UNIQUE INDEX suspense_decision_final ON suspense_decision (suspense_id) WHERE kind <> 'CARRY_OVER'",
    "CREATE INDEX suspense_decision_of ON suspense_decision (suspense_id, id)",
    "CREATE INDEX suspense_decision_region ON suspense_decision (region)",
    "CREATE INDEX suspense_decision_in_order ON suspense_decision (written_by, id)",
    "CREATE INDEX suspense_assignment_of ON suspense_assignment (suspense_id, id)",
    "CREATE INDEX suspense_assignment_region ON suspense_assignment (region)",
    # The oldest first, with a key to go on from.
    "CREATE INDEX suspense_by_age ON suspense (suspended_on, id) WHERE state = 'HELD'",
    "CREATE INDEX bill_of_person ON bill (person_token) WHERE superseded_because IS NULL",
)
APPEND_ONLY = """
CREATE FUNCTION casework_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was decided about suspended money stays: another decision follows it';
END
$$
"""
# What a part of a payment pays changes once: two people matched its suspended money to a bill, and only to that one.
GUARD = """
CREATE FUNCTION payment_line_is_matched_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.state, NEW.bill_id, NEW.enrolment_id, NEW.person_token, NEW.benefit_year, NEW.region)
       IS NOT DISTINCT FROM
       (OLD.state, OLD.bill_id, OLD.enrolment_id, OLD.person_token, OLD.benefit_year, OLD.region) THEN
        RETURN NEW;
    END IF;
    IF OLD.state <> 'SUSPENDED' OR NEW.state <> 'CREDITED' OR NOT EXISTS (
        SELECT FROM suspense_decision d JOIN suspense s ON s.id = d.suspense_id JOIN bill b ON b.id = d.bill_id
        WHERE s.payment_line_id = NEW.id AND d.kind = 'MATCH' AND b.id = NEW.bill_id
          AND (b.enrolment_id, b.person_token, b.benefit_year, b.region)
              = (NEW.enrolment_id, NEW.person_token, NEW.benefit_year, NEW.region)
    ) THEN
        RAISE EXCEPTION 'a part of a payment pays another bill only by the decision of two people';
    END IF;
    RETURN NEW;
END
$$
"""
_SUSPENSE = "ALTER TABLE suspense DROP CONSTRAINT suspense_state_check, ADD CONSTRAINT suspense_state_check CHECK"
_REFUND = "ALTER TABLE refund DROP CONSTRAINT refund_state_check, ADD CONSTRAINT refund_state_check CHECK"
_APPROVED = (
    "ALTER TABLE refund DROP CONSTRAINT refund_approved_by_somebody, ADD CONSTRAINT refund_approved_by_somebody CHECK"
)


def upgrade() -> None:
    """Create the tables; suspended money may be matched, and a refund put forward may be withdrawn for that."""
    for name, table in TABLES.items():
        op.execute(table)
        for statement in protect(name):
            op.execute(statement)
    for index in INDEXES:
        op.execute(index)
    op.execute(APPEND_ONLY)
    for name in TABLES:
        op.execute(
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION casework_is_append_only()"
        )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {', '.join(TABLES)} FROM payment_app")
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER payment_line_matched_by_two"
        " BEFORE UPDATE OF state, bill_id, enrolment_id, person_token, benefit_year, region ON payment_line"
        " FOR EACH ROW EXECUTE FUNCTION payment_line_is_matched_by_two()"
    )
    op.execute(f"{_SUSPENSE} (state IN ('HELD', 'REFUNDING', 'REFUNDED', 'CONTESTED', 'RECOVERED', 'MATCHED'))")
    op.execute(
        f"{_REFUND} (state IN ('REQUESTED', 'WITHDRAWN', 'APPROVED', 'ASKED', 'ABNORMAL', 'PAY_FAILED', 'PAID'))"
    )
    op.execute(f"{_APPROVED} (state IN ('REQUESTED', 'WITHDRAWN') OR approved_by IS NOT NULL)")


def downgrade() -> None:
    """Take it away again; fails where money was matched or a refund withdrawn."""
    op.execute(f"{_APPROVED} (state = 'REQUESTED' OR approved_by IS NOT NULL)")
    op.execute(f"{_REFUND} (state IN ('REQUESTED', 'APPROVED', 'ASKED', 'ABNORMAL', 'PAY_FAILED', 'PAID'))")
    op.execute(f"{_SUSPENSE} (state IN ('HELD', 'REFUNDING', 'REFUNDED', 'CONTESTED', 'RECOVERED'))")
    op.execute("DROP TRIGGER payment_line_matched_by_two ON payment_line")
    op.execute("DROP FUNCTION payment_line_is_matched_by_two()")
    op.execute("DROP INDEX bill_of_person, suspense_by_age")
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
    op.execute("DROP FUNCTION casework_is_append_only()")
