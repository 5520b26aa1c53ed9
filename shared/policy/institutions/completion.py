"""How far a place is: counted in whole people, so that no float decides a rank."""


def completion_percent(enrolled: int, target: int) -> str | None:
    """The share of a target that is reached, in percent, half-up to 2 decimals; a target of nobody has no share."""
    if target == 0:
        return None
    hundredths = (enrolled * 20_000 + target) // (2 * target)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def remaining(enrolled: int, target: int) -> int:
    """People still missing to the target."""
    return max(target - enrolled, 0)


def over(enrolled: int, target: int) -> int:
    """People beyond the target; a target is never a cap."""
    return max(enrolled - target, 0)
