"""A person whose name and number rest in registration, sealed with the installation's key."""

from datetime import date

from services.registration import SERVICE
from tests.harness.installation import Installation


async def sealed_person(installation: Installation) -> None:
    """Register one through the API."""
    await installation.set_business_date(date(2023, 10, 9), "registration")
    async with installation.http_client(SERVICE, role="web") as http:
        http.headers.update(installation.caller("registration:write", "registration:operate"))
        towns = [{"code": "411521101", "name": "铁铺"}]
        assert (await http.post("/registration/v1/regions", json={"regions": towns})).status_code == 204
        person = {
            "document_number": "411521199001010014",
            "name": "张三",
            "birth_date": "1990-01-01",
            "region": "411521101201",
            "benefit_year": 2024,
        }
        assert (await http.post("/registration/v1/enrolments", json=person)).status_code == 201
