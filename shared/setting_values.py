"""What values settings take, and what is said of others: Chinese first, and never the value."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
# Provinces as GB/T 2260 numbers them; within one, cities and counties by two more digits each.
_REGION = re.compile(r"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])([0-9]{2}){0,2}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


def _database_address(template: str) -> str:
    """Refuse what is no address of a PostgreSQL once its places are filled in; raises ValueError."""
    try:
        place = urlsplit(template.format(service="s", database="d", password="p"))  # noqa: S106 - stands in its place
        known = place.scheme in ("postgresql", "postgres") and (place.port is None or place.port > 0)
    except (KeyError, IndexError, ValueError):
        known = False
    if not known:
        raise ValueError(
            "须为 postgresql://用户:{password}@主机:端口/{database}，花括号只用 {service}、{database}、{password}"
            " · must be postgresql://USER:{password}@HOST:PORT/{database}, in braces only these three"
        )
    return template


def _installation_name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(
            "须为 1 至 31 个小写字母、数字和连字符，不以连字符开头"
            " · must be 1 to 31 lower-case letters, digits and hyphens, the first of them no hyphen"
        )
    return text


def _pooling_area(code: str) -> str:
    if _REGION.fullmatch(code) is None:
        raise ValueError(
            "须为省（2 位）、市（4 位）或县（6 位）的行政区划代码"
            " · must be the code of a province (2 digits), city (4) or county (6)"
        )
    return code


def _web_address(url: str) -> str:
    try:
        place = urlsplit(url)
        known = place.scheme in ("http", "https") and bool(place.hostname) and place.port != 0
    except ValueError:
        known = False
    if not known or url != url.strip():
        raise ValueError(
            "须为 http:// 或 https:// 开头的地址 · must be an address that begins with http:// or https://"
        )
    return url


def _web_address_or_none(url: str) -> str:
    return _web_address(url) if url else url


def _brokers(text: str) -> str:
    for broker in text.split(",") if text else ():
        host, _, port = broker.strip().rpartition(":")
        if not host or _PORT.fullmatch(port) is None or int(port) > 65_535:
            raise ValueError("须为 主机:端口，多个以逗号分隔 · must be HOST:PORT, several separated by commas")
    return text


def _unset(value: object) -> object:
    return None if value == "" else value


DatabaseAddress = Annotated[str, AfterValidator(_database_address)]
InstallationName = Annotated[str, AfterValidator(_installation_name)]
PoolingArea = Annotated[str, AfterValidator(_pooling_area)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
OptionalWebAddress = Annotated[str, AfterValidator(_web_address_or_none)]
Brokers = Annotated[str, AfterValidator(_brokers)]
# An empty variable names no file: without this it would be the folder that the command is typed in.
OptionalPath = Annotated[Path | None, BeforeValidator(_unset)]
