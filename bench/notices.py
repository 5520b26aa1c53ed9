"""Notices of WeChat Pay, signed before the clock starts: each is a whole HTTP request, ready to go out."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from simulator.prepare import APPID, MCHID, load
from simulator.wechat.notices import WechatNotice, paid_plain
from simulator.wechat.signatures import Platform

PATH = f"/payment/v1/callbacks/wechat/{MCHID}"
MOMENT = "2023-10-08T09:30:00+08:00"
DUE_FEN = 38_000


@dataclass(frozen=True, slots=True)
class Paid:
    """Somebody paid an order at the channel."""

    order_no: str
    transaction_id: str
    amount_fen: int = DUE_FEN


def signed_requests(keys: Path, paid: Sequence[Paid]) -> list[bytes]:
    """Sign a notice per payment, with the keys that the simulator prepared; signing is slow, so by all processors."""
    workers = os.cpu_count() or 1
    portion = -(-len(paid) // workers) or 1
    portions = [paid[start : start + portion] for start in range(0, len(paid), portion)]
    with ProcessPoolExecutor(workers) as pool:
        return [request for signed in pool.map(_sign, [keys] * len(portions), portions) for request in signed]


def _sign(keys: Path, paid: Sequence[Paid]) -> list[bytes]:
    platform = _platform(keys)
    return [_request(platform, one) for one in paid]


def _platform(keys: Path) -> Platform:
    settings = load(keys)
    if settings is None:
        raise FileNotFoundError(f"no keys were prepared in {keys}")
    return Platform.prepared(keys, settings, MCHID, APPID)


def _request(platform: Platform, paid: Paid) -> bytes:
    body = _notice(paid).body(platform)
    headers = {"Host": "127.0.0.1", "Accept": "*/*", "User-Agent": "Mozilla/4.0", **platform.headers(body)}
    headers["Content-Length"] = str(len(body))
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def _notice(paid: Paid) -> WechatNotice:
    plain = paid_plain(paid.order_no, paid.transaction_id, paid.amount_fen, moment=MOMENT, mchid=MCHID, appid=APPID)
    return WechatNotice(f"EV-{paid.transaction_id}", "TRANSACTION.SUCCESS", "transaction", plain, PATH, MOMENT)
