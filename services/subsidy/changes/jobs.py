"""The background work of changes."""

from services.subsidy.changes.day_rollover import DAY_ROLLOVER
from services.subsidy.changes.policy_change import POLICY_CHANGE, POLICY_QUEUE

JOBS = (DAY_ROLLOVER, POLICY_CHANGE, POLICY_QUEUE)
