"""The name that an installation takes on a bus: a refused choice leaves no mark, so that another can be made."""

import pytest

from services.quota import SERVICE as QUOTA
from shared.messaging.bus.factory import open_bus
from tests.harness.eventually import eventually
from tests.harness.installation import Installation


@pytest.mark.expects_errors
async def test_after_a_refused_first_name_another_one_is_taken(installation: Installation) -> None:
    """First use O9: asked to choose another name, then asked to set it back."""
    await installation.sql("quota", "ALTER TABLE messaging_installation DISABLE TRIGGER USER")
    await installation.sql("quota", "DELETE FROM messaging_installation")
    async with open_bus(installation.settings, "quota") as bus:
        await bus.create_topics(["quota"])
    async with installation.running(QUOTA) as runs:
        await eventually(lambda: runs[0].refused is not None, within_s=20)
        assert "set CANBAO_INSTALLATION to a name of your own" in str(runs[0].refused)
    assert await installation.sql("quota", "SELECT installation FROM messaging_installation") == []
    other = installation.with_settings(installation="another")
    async with other.running(QUOTA) as runs:
        await eventually(lambda: runs[0].bus is not None, within_s=20)
    (row,) = await installation.sql("quota", "SELECT installation FROM messaging_installation")
    assert row["installation"] == "another"
