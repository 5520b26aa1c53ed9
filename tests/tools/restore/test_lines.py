"""What ``canbao restore`` says at its end."""

from tools.restore.commands import lines
from tools.restore.restoration import Left, Restoration


def test_with_the_bus_lost_people_are_reminded_of_what_no_event_names() -> None:
    """E1: a bank line of the window was lost, the bus could name nothing, and the list was empty."""
    begun = "\n".join(lines(Restoration("payment", began=2, epoch=2), Left(), dry_run=False))
    assert "银行流水、交款单、渠道结算、审批" in begun
    assert "bank statements, slips, settlements and approvals of the window" in begun


def test_where_nothing_was_restored_nobody_is_reminded() -> None:
    assert "另须补录" not in "\n".join(lines(Restoration("payment"), Left(), dry_run=False))
