"""`canbao up` lets its clients call once, under the service's own login."""

from services.registration import SERVICE
from services.registration.commands import save_client
from tests.harness.installation import COUNTY, Installation
from tools.up.installation import register_clients, wanted_clients

SEASON = {"region": COUNTY, "clients": [{"name": "hall", "scopes": ["registration:write"], "region": COUNTY}]}
SECRETS = {"hall": "the hall's secret", "console": "the console's secret"}


async def test_clients_are_registered_once_and_keep_the_secret_that_they_have(installation: Installation) -> None:
    await save_client(installation.settings, "hall", "an earlier secret", ["registration:read"], COUNTY)
    # The owner's login belongs to migrations; what needs it here would fail.
    settings = installation.settings.model_copy(update={"owner_database_url": "postgresql://nobody@127.0.0.1:1/none"})
    for _ in range(2):
        await register_clients(settings, wanted_clients(SEASON), SECRETS)
    rows = await installation.sql("registration", "SELECT name, scopes FROM api_client ORDER BY name")
    assert [(row["name"], row["scopes"]) for row in rows] == [
        ("console", "payment:read quota:read registration:read subsidy:read"),
        ("hall", "registration:read"),
    ]
    async with installation.http_client(SERVICE, role="web") as http:
        for name, secret, status in (
            ("hall", "an earlier secret", 200),
            ("hall", SECRETS["hall"], 401),
            ("console", SECRETS["console"], 200),
        ):
            form = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
            assert (await http.post("/registration/v1/token", data=form)).status_code == status
