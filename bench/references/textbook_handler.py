"""The handler that a competent team writes first: verify, decrypt, then one ORM transaction per request.

It checks signatures and opens notices with canbao's own code, so that what differs is what is done with them.
``--announce`` writes an outbox row in the same transaction, for the textbook's chain.
"""

import argparse
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench.references.server import serve
from bench.references.textbook_models import LedgerEntry, Order, Outgoing, Payment, engine_at, sessions_of
from services.payment.channels.callback import Refused
from services.payment.channels.wechat.keys import Merchant, load_merchant
from services.payment.channels.wechat.notice import open_notice
from services.payment.channels.wechat.signature import verify
from services.payment.notices.notice import PaymentNotice
from shared.domain.clock import SystemClock
from shared.settings import Settings

PAYMENTS = "payments"
_CLOCK = SystemClock()
_REGION = "411521"


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    sessions: async_sessionmaker[AsyncSession] = request.app.state.sessions
    async with sessions() as session, session.begin():
        yield session


Session = Annotated[AsyncSession, Depends(_session, scope="function")]
app = FastAPI()


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that it is up."""
    return {"status": "ok"}


@app.post("/payment/v1/callbacks/wechat/{mchid}", status_code=204)
async def take(mchid: str, request: Request, session: Session) -> Response:
    """Credit a payment in the transaction of its request."""
    merchant: Merchant = request.app.state.merchants[mchid]
    body = await request.body()
    try:
        verify(merchant, request.headers, body, _CLOCK.now())
        notice = open_notice(merchant, body, _REGION)
    except Refused as refused:
        raise HTTPException(401) from refused
    if isinstance(notice, PaymentNotice):
        await _credit(session, notice, announce=request.app.state.announce)
    return Response(status_code=204)


async def _credit(session: AsyncSession, notice: PaymentNotice, *, announce: bool) -> None:
    known = await session.scalar(select(Payment).where(Payment.transaction_id == notice.transaction_id))
    if known is not None:
        return
    order = await session.scalar(select(Order).where(Order.order_no == notice.order_no).with_for_update())
    if order is None or order.state != "AWAITING" or order.amount_fen != notice.amount_fen:
        raise HTTPException(409)
    order.state = "CONFIRMED"
    payment = Payment(
        transaction_id=notice.transaction_id,
        order_id=order.id,
        amount_fen=notice.amount_fen,
        paid_at=notice.succeeded_at,
    )
    session.add(payment)
    await session.flush()
    session.add(
        LedgerEntry(payment_id=payment.id, debit="channel:WECHAT", credit="premium", amount_fen=payment.amount_fen)
    )
    if announce:
        payload = {"enrolment_id": str(order.enrolment_id), "village": order.village, "paid_on": "2023-10-08"}
        session.add(Outgoing(topic=PAYMENTS, key=str(order.enrolment_id), payload=payload))


def main() -> None:
    """The entry of the process."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("port", type=int)
    arguments.add_argument("database")
    arguments.add_argument("--announce", action="store_true")
    asked = arguments.parse_args()
    app.state.sessions = sessions_of(engine_at(asked.database))
    app.state.merchants = {one.mchid: load_merchant(one) for one in Settings().wechat_merchants}
    app.state.announce = asked.announce
    serve(app, asked.port)


if __name__ == "__main__":
    main()
