"""The medical security bureau (医保局): publishes what townships have to reach, and says what day it is."""

from simulator import clients
from simulator.world import World


async def publish_targets(world: World) -> None:
    """The annex of the document, in proportion to the number of residents that are played."""
    county, locality = world.plan.county, world.locality
    total = sum(town.target for town in county.towns)
    note = "乡镇代码为示例 · township codes are illustrative"
    if not locality.targets_printed:
        note = "演示数据：乡镇、代码和任务数均为虚构 · demonstration: towns, codes and targets are invented"
    elif total != locality.total:
        note = (
            f"演示数据：按原文件总任务数 {locality.total} 人等比例缩放为 {total} 人；乡镇代码为示例"
            f" · demonstration: the document's targets of {locality.total} people in all scaled to {total}; "
            "township codes are illustrative"
        )
    await world.endpoints[clients.BUREAU].post(
        "/quota/v1/targets",
        {
            "benefit_year": locality.benefit_year,
            "document": locality.document,
            "note": note,
            "declared_total": total,
            "towns": [{"region": town.region, "name": town.name, "target": town.target} for town in county.towns],
        },
    )


async def enter_regions(world: World) -> None:
    """The townships and villages of the county, with illustrative codes."""
    names = {town.region: town.name for town in world.plan.county.towns}
    places = [{"code": code, "name": name} for code, name in names.items()]
    for village, town in world.plan.county.villages.items():
        places.append({"code": village, "name": f"{names[town]}{int(village[-3:]) - 200}村"})
    await world.endpoints[clients.BUREAU].post("/registration/v1/regions", {"regions": places})


async def advance_date(world: World) -> None:
    """Set the installation's business date to the county's day; a later date stays as it is."""
    endpoint = world.endpoints[clients.BUREAU]
    known = await endpoint.get("/registration/v1/business-date")
    today = world.day.today.isoformat()
    if known["date"] != today:
        await endpoint.post("/registration/v1/business-date", {"date": today})
