"""The annex of 罗政办〔2023〕52号: the township targets of benefit year 2024, with illustrative codes."""

from typing import Any

TARGETS = {
    "铁铺": 12035,
    "丽水": 18681,
    "尤店": 27837,
    "山店": 18796,
    "东铺": 42242,
    "高店": 37800,
    "定远": 29595,
    "灵山": 20663,
    "庙仙": 33838,
    "龙山": 28706,
    "周党": 47718,
    "潘新": 32119,
    "彭新": 39464,
    "莽张": 42085,
    "朱堂": 23381,
    "竹竿": 46943,
    "宝城": 32074,
    "子路": 43296,
    "青山": 26326,
    "楠杆": 39057,
}
TOTAL = 642_656


def towns() -> list[dict[str, Any]]:
    """The lines of the annex."""
    return [
        {"region": f"411521{place:03d}", "name": name, "target": target}
        for place, (name, target) in enumerate(TARGETS.items(), start=101)
    ]


def annex(**changes: Any) -> dict[str, Any]:
    """The annex as it is posted."""
    return {
        "benefit_year": 2024,
        "document": "罗政办〔2023〕52号",
        "note": "",
        "declared_total": TOTAL,
        "towns": towns(),
    } | changes
