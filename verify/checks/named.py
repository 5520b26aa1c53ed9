"""Under which name a person is registered, and by which payment compares a bank's or the tax bureau's line."""

from verify.check import ConsistencyCheck
from verify.comparison import Side
from verify.findings import Findings
from verify.in_flight import Flow, reconcile
from verify.snapshot import Databases

# A name of an earlier version has no token until registration's job has come to it; then payment compares nothing.
_REGISTERED = """
    SELECT id::text AS key, region, concat('name ', named_as, ' of ',
           left(encode(sha256(convert_to(person_token, 'UTF8')), 'hex'), 16)) AS facts, 0 AS fen
    FROM proof.enrolment WHERE named_as IS NOT NULL
"""
_COMPARED = """
    SELECT enrolment_id::text AS key, region, concat('name ', named_as, ' of ', person) AS facts, 0 AS fen
    FROM proof.person_name WHERE named_as IS NOT NULL
"""
_ANNOUNCED = Flow("registration", "payment", ("registration.enrolment_registered.v1", "registration.person_named.v1"))


async def names(databases: Databases, findings: Findings) -> None:
    """The token by which payment compares a name is the one that registration made of it."""
    await reconcile(
        databases,
        findings,
        Side(databases.registration, _REGISTERED),
        Side(databases.payment, _COMPARED),
        (_ANNOUNCED,),
    )


CHECKS = (
    ConsistencyCheck(
        "NAMES_AGREE",
        "姓名比对依据一致",
        "Names compared as registered",
        "参保登记的姓名标识 ↔ 缴费侧用于核对银行与税务明细的姓名标识",
        names,
    ),
)
