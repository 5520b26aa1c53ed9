"""The guards that hold money and people together, how each is taken out, and the tests that must notice."""

from pathlib import Path

from tests.mutants.cash_guards import CASH_GUARDS
from tests.mutants.channel_guards import CHANNEL_GUARDS
from tests.mutants.message_guards import MESSAGE_GUARDS
from tests.mutants.money_guards import MONEY_GUARDS
from tests.mutants.record_guards import RECORD_GUARDS

ROOT = Path(__file__).parents[2]

MUTATIONS = (*CHANNEL_GUARDS, *MESSAGE_GUARDS, *RECORD_GUARDS, *CASH_GUARDS, *MONEY_GUARDS)
