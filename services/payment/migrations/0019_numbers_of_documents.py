"""The numbers of documents have one form; stored ones that look alike in it are listed, and wait for two people."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0019"
down_revision = "payment_0018"
branch_labels = None
depends_on = None

# As shared/domain/document_number.py has it: capitals by Unicode's full mapping, whatever the database's own locale.
CANONICAL = """
CREATE FUNCTION canonical_number(number text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN normalize(upper(normalize(btrim(number), NFKC) COLLATE pg_catalog.pg_unicode_fast), NFKC)
"""
LOOK_ALIKE = """
CREATE TABLE document_look_alike (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('RECEIPT', 'SLIP', 'STATEMENT', 'SERIAL', 'CERTIFICATE', 'BANK_LINE')),
    document_id text NOT NULL,
    number text NOT NULL,
    beside_id text NOT NULL,
    beside_number text NOT NULL,
    region text COLLATE "C" NOT NULL,
    resolved_by uuid REFERENCES approval,
    new_number text CHECK (new_number IS NULL OR resolved_by IS NOT NULL),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (kind, document_id)
)
"""
# Kind, table, column, the row's id, what else makes the number one document, and which rows count.
_NUMBERS = (
    ("RECEIPT", "cash_receipt", "receipt_no", "id::text", "", "true"),
    ("SLIP", "deposit_slip", "slip_no", "slip_no", "", "true"),
    ("STATEMENT", "remittance_batch", "statement_no", "id::text", "", "previous_batch_id IS NULL"),
    ("SERIAL", "remittance_batch", "collection_notice_serial", "id::text", "", "true"),
    ("CERTIFICATE", "remittance_batch", "certificate_no", "id::text", "", "true"),
    (
        "BANK_LINE",
        "bank_line",
        "statement_no",
        "id::text",
        ", canonical_number(account), extract(year FROM booked_on), line_no",
        "reversed_on IS NULL",
    ),
    (
        "BANK_LINE",
        "bank_line",
        "bank_reference",
        "id::text",
        ", canonical_number(account), booked_on",
        "reversed_on IS NULL",
    ),
)
# The first that was recorded keeps the form; the others are kept as they are, and listed.
_MEETING = """
WITH placed AS (
    SELECT {id} AS document_id, {column} AS number, region,
           first_value({id}) OVER same AS beside_id, first_value({column}) OVER same AS beside_number
    FROM {table} WHERE {column} IS NOT NULL AND {counted}
    WINDOW same AS (PARTITION BY canonical_number({column}){also} ORDER BY recorded_at, {id})
), listed AS (
    INSERT INTO document_look_alike (kind, document_id, number, beside_id, beside_number, region)
    SELECT '{kind}', document_id, number, beside_id, beside_number, region FROM placed WHERE document_id <> beside_id
    ON CONFLICT DO NOTHING
)
UPDATE {table} SET look_alike = array_append(look_alike, '{column}')
FROM placed WHERE {table}.{id} = placed.document_id AND placed.document_id <> placed.beside_id
"""
# In columns of their own: under row-level security an index over the function would serve nobody.
_FORMS = (
    ("cash_receipt", "receipt_form", "receipt_no"),
    ("deposit_slip", "slip_form", "slip_no"),
    ("remittance_batch", "statement_form", "statement_no"),
    ("bank_line", "statement_form", "statement_no"),
    ("bank_line", "account_form", "account"),
    ("bank_line", "reference_form", "reference"),
    ("bank_line", "bank_reference_form", "bank_reference"),
)
_ONE_FORM = (
    "CREATE UNIQUE INDEX cash_receipt_form ON cash_receipt (receipt_form) WHERE look_alike = '{}'",
    "CREATE UNIQUE INDEX deposit_slip_form ON deposit_slip (slip_form) WHERE look_alike = '{}'",
    """CREATE UNIQUE INDEX remittance_batch_statement_form ON remittance_batch (statement_form)
       WHERE previous_batch_id IS NULL AND NOT 'statement_no' = ANY (look_alike)""",
    """CREATE UNIQUE INDEX remittance_batch_serial_form
       ON remittance_batch (canonical_number(collection_notice_serial))
       WHERE NOT 'collection_notice_serial' = ANY (look_alike)""",
    """CREATE UNIQUE INDEX remittance_batch_certificate_form ON remittance_batch (canonical_number(certificate_no))
       WHERE NOT 'certificate_no' = ANY (look_alike)""",
    """CREATE UNIQUE INDEX bank_line_of_statement_form
       ON bank_line (account_form, (extract(year FROM booked_on)), statement_form, line_no)
       WHERE reversed_on IS NULL AND NOT 'statement_no' = ANY (look_alike)""",
    """CREATE UNIQUE INDEX bank_line_booking_form
       ON bank_line (account_form, booked_on, bank_reference_form)
       WHERE bank_reference IS NOT NULL AND reversed_on IS NULL AND NOT 'bank_reference' = ANY (look_alike)""",
)
# Looked up whether or not another one looks alike.
_FOUND = (
    "CREATE INDEX cash_receipt_number ON cash_receipt (receipt_form)",
    "CREATE INDEX deposit_slip_number ON deposit_slip (slip_form)",
    """CREATE INDEX remittance_batch_statement_number ON remittance_batch (statement_form)
       WHERE previous_batch_id IS NULL""",
    "CREATE INDEX bank_line_deposit_number ON bank_line (reference_form) WHERE kind = 'DEPOSIT'",
    "CREATE INDEX bank_line_statement_number ON bank_line (statement_form, line_no)",
    """CREATE INDEX bank_line_reference_number ON bank_line (bank_reference_form)
       WHERE bank_reference_form IS NOT NULL""",
)
_TABLES = ("cash_receipt", "deposit_slip", "remittance_batch", "bank_line")


def upgrade() -> None:
    """List what looks alike, then let no other number look like a stored one."""
    op.execute(CANONICAL)
    op.execute(LOOK_ALIKE)
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN look_alike text[] NOT NULL DEFAULT '{{}}'")
    for table, form, number in _FORMS:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {form} text GENERATED ALWAYS AS (canonical_number({number})) STORED"
        )
    for kind, table, column, row, also, counted in _NUMBERS:
        op.execute(_MEETING.format(kind=kind, table=table, column=column, id=row, also=also, counted=counted))
    for index in (*_ONE_FORM, *_FOUND):
        op.execute(index)
    for index in ("bank_line_of_statement", "bank_line_booking", "bank_line_statement", "bank_line_bank_reference"):
        op.execute(f"DROP INDEX {index}")
    for statement in protect("document_look_alike"):
        op.execute(statement)
    op.execute("CREATE INDEX document_look_alike_open ON document_look_alike (id) WHERE resolved_by IS NULL")
    op.execute("CREATE INDEX document_look_alike_region ON document_look_alike (region)")
    op.execute("REVOKE INSERT, DELETE, TRUNCATE ON document_look_alike FROM payment_app")


def downgrade() -> None:
    """Compare numbers as they are written again; fails where two lines differ in their form alone."""
    op.execute("DROP TABLE document_look_alike")
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN look_alike CASCADE")
    for index in _FOUND:
        op.execute(f"DROP INDEX IF EXISTS {index.split()[2]}")
    for table, form, _ in _FORMS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {form} CASCADE")
    op.execute("DROP FUNCTION canonical_number(text)")
    op.execute(
        """CREATE UNIQUE INDEX bank_line_of_statement
           ON bank_line (account, (extract(year FROM booked_on)), statement_no, line_no) WHERE reversed_on IS NULL"""
    )
    op.execute(
        """CREATE UNIQUE INDEX bank_line_booking
           ON bank_line (account, booked_on, bank_reference) WHERE bank_reference IS NOT NULL AND reversed_on IS NULL"""
    )
    op.execute("CREATE INDEX bank_line_statement ON bank_line (statement_no, line_no)")
    op.execute("CREATE INDEX bank_line_bank_reference ON bank_line (bank_reference) WHERE bank_reference IS NOT NULL")
