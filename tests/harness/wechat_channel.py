"""WeChat Pay as one county feels it: it notifies of each payment until it is answered 2xx, and keeps its own books."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain, repeat
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

from tests.harness.bare_http import BareHttp
from tests.harness.payable import Payable
from tests.harness.timeouts import stretched
from tests.harness.wechat_peer import MCHID, SignedNotice, envelope, paid_plaintext, sign

# The real one waits 15 s, 15 s, 30 s, 3 min, …: here the same patience is played faster.
_AGAIN_AFTER_S = (0.5, 0.5, 1.0, 2.0, 4.0)
_ANSWER_WITHIN_S = 5.0
_ALL_NOTIFIED_WITHIN_S = 60.0


class Channel:
    """Payments that happened, whom the channel notified, and what it was answered."""

    def __init__(self, payment_url: str, orders: Sequence[Payable]) -> None:
        self._orders = deque(orders)
        self.paid: dict[str, Payable] = {}
        self.answered: set[str] = set()
        self.answers: Counter[int | str] = Counter()
        self._path = f"/payment/v1/callbacks/wechat/{MCHID}"
        self._wire = BareHttp(urlsplit(payment_url).port or 80, within_s=_ANSWER_WITHIN_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._wire.close()

    def offer(self, orders: Sequence[Payable]) -> None:
        """More orders that people may pay."""
        self._orders.extend(orders)

    def offer_first(self, orders: Sequence[Payable]) -> None:
        """Orders that are paid before all others."""
        self._orders.extendleft(reversed(orders))

    def left(self) -> list[Payable]:
        """The orders that nobody has paid."""
        return list(self._orders)

    @property
    def unpaid(self) -> int:
        """How many orders are left to be paid."""
        return len(self._orders)

    @property
    def paid_fen(self) -> int:
        """What people paid, by this channel's books."""
        return sum(order.amount_fen for order in self.paid.values())

    def pay(self) -> tuple[str, Payable]:
        """Somebody pays the next order; the transaction and what it paid. No notice is sent yet."""
        order = self._orders.popleft()
        transaction = f"42{uuid4().int % 10**26:026d}"
        self.paid[transaction] = order
        return transaction, order

    def body(self, transaction: str, notify_id: str | None = None) -> bytes:
        """The notice of a payment, before it is signed."""
        order = self.paid[transaction]
        plaintext = paid_plaintext(order.order_no, order.amount_fen, transaction_id=transaction)
        return envelope("TRANSACTION.SUCCESS", json.dumps(plaintext).encode(), notify_id=notify_id)

    async def send(self, notice: SignedNotice) -> int | str:
        """Send once; the status, or the kind of trouble on the way."""
        answer: int | str
        try:
            answer = await self._wire.post(self._path, notice.headers, notice.body)
        except (OSError, EOFError, TimeoutError) as trouble:
            answer = type(trouble).__name__
        self.answers[answer] += 1
        return answer

    async def notify(self, transaction: str, body: bytes | None = None) -> None:
        """Notify of a payment until the answer is 2xx, as the channel does."""
        body = body or self.body(transaction)
        for pause_s in chain(_AGAIN_AFTER_S, repeat(_AGAIN_AFTER_S[-1])):
            if await self.send(sign(body)) == 204:
                self.answered.add(transaction)
                return
            await asyncio.sleep(pause_s)

    async def pay_and_notify(self, count: int = 1) -> list[str]:
        """So many people pay at once, and the channel notifies of all; the transactions."""
        paid = [self.pay()[0] for _ in range(count)]
        await asyncio.gather(*(self.notify(transaction) for transaction in paid))
        return paid

    @asynccontextmanager
    async def under_load(self, per_second: float) -> AsyncIterator[None]:
        """People pay at a rate for the length of the block; at its end every notice is answered.

        A notice that is late (a busy machine) is sent at once, so that the rate holds over the whole block.
        """
        notifying: set[asyncio.Task[None]] = set()

        async def pay() -> None:
            loop = asyncio.get_running_loop()
            began, count = loop.time(), 0
            while self.unpaid:
                count += 1
                task = asyncio.create_task(self.notify(self.pay()[0]))
                notifying.add(task)
                task.add_done_callback(notifying.discard)
                await asyncio.sleep(max(0.0, began + count / per_second - loop.time()))

        paying = asyncio.create_task(pay())
        try:
            yield
            paying.cancel()
            async with asyncio.timeout(stretched(_ALL_NOTIFIED_WITHIN_S)):
                await asyncio.gather(*notifying)
        finally:
            for task in (paying, *notifying):
                task.cancel()
