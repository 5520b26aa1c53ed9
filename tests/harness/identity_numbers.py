"""Identity numbers of invented residents."""

from shared.domain.identity_number import check_digit


def a_number(sequence: int = 1, born: str = "19900101") -> str:
    """A number of the county with a proper check character."""
    seventeen = f"411521{born}{sequence:03d}"
    return seventeen + check_digit(seventeen)
