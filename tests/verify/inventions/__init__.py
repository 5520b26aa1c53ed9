"""Frauds that no list named: what a thief with a service's login, or the databases' administrator, would try.

Each says who must find it: a check, the anchor (`SEALS_ANCHOR`) where everything was sealed again, or nobody, with the
reason, which `docs/faults.md` repeats.
"""

from tests.verify.inventions.cash import CASH
from tests.verify.inventions.channels import CHANNELS
from tests.verify.inventions.people import PEOPLE
from tests.verify.inventions.records import RECORDS

INVENTIONS = (*PEOPLE, *CHANNELS, *CASH, *RECORDS)
