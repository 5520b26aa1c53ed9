"""``canbao callbacks``: sample notices, why a callback is refused, what was delivered, and delivering it again."""

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import typer

from services.payment.channels.accounts import load_accounts
from services.payment.channels.callback import Callback
from services.payment.channels.samples import SampleKind
from shared.command_line import Commands
from shared.database.logins import named_login
from shared.domain.clock import SHANGHAI, SystemClock
from shared.settings import Settings
from tools.callbacks import captured, listener
from tools.callbacks import resend as deliveries_log
from tools.callbacks.diagnosis import diagnose
from tools.callbacks.sample_order import sample
from tools.callbacks.verdict import lines
from tools.channels.sandbox import refuse, sandbox_merchant, sandbox_settings

_NOT_ACCEPTED = 1
_WITHIN_S = 10.0
callbacks = Commands(help="渠道通知的联调与诊断 · channels' callbacks: try, check, look up", no_args_is_help=True)


@callbacks.command()
def sign(
    merchant: Annotated[str, typer.Argument(help="沙箱商户号 · the number of a sandbox's merchant")],
    folder: Annotated[Path, typer.Option(help="沙箱目录 · the sandbox's folder")] = Path("sandbox"),
    channel: Annotated[
        str | None, typer.Option(help="渠道，如 wechat；默认第一个 · the channel, such as wechat; the first one")
    ] = None,
    kind: Annotated[SampleKind, typer.Option(help="支付或退款 · about a payment or a refund")] = SampleKind.PAYMENT,
    order_no: Annotated[str | None, typer.Option(help="订单号 · the order's number")] = None,
    transaction_id: Annotated[str | None, typer.Option(help="渠道流水号 · the channel's number of the payment")] = None,
    refund_no: Annotated[str | None, typer.Option(help="退款单号 · the refund's number")] = None,
    amount_fen: Annotated[int, typer.Option(min=1, max=10**12, help="金额，分 · the amount in fen")] = 40_000,
    paid_fen: Annotated[
        int | None, typer.Option(min=1, max=10**12, help="退款所对应的支付金额，分 · fen paid, of a refund")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="URL", help="发送到此地址并显示应答 · send it there, and show the answer")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="另存为 HTTP 形式，供 callbacks check · keep it in HTTP form, for check"),
    ] = None,
) -> None:
    """签发一份有效的示例通知，仅限沙箱商户 · sign a valid sample notice, for merchants of a sandbox only; print it with
    a line for curl, or send it.
    """
    found = sandbox_merchant(folder, merchant, channel)
    numbers = {"order_no": order_no, "transaction_id": transaction_id, "refund_no": refund_no}
    for name, number in numbers.items():
        if number is not None and not (number.isascii() and number.isprintable() and 0 < len(number) <= 64):
            raise typer.BadParameter(
                "须为 1 至 64 个 ASCII 字符 · has 1 to 64 ASCII characters", param_hint=f"--{name.replace('_', '-')}"
            )
    notice = sample(kind, **numbers, amount_fen=amount_fen, paid_fen=paid_fen, at=SystemClock().now())
    message = found.served.adapter.samples.sign(found.served.account, found.folder, notice)
    path = listener.PREFIX + found.served.path
    headers = dict(message.headers)
    body_file = found.folder / "notice.body"
    body_file.write_bytes(message.body)
    if out is not None:
        out.write_bytes(captured.in_http_form(path, headers, message.body))
    address = _address(to or Settings().public_base_url, path)
    typer.echo(f"POST {path}")
    for name, value in headers.items():
        typer.echo(f"{name}: {value}")
    typer.echo(f"\n{message.body.decode()}\n")
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    typer.echo(shlex.join(["curl", "-i", *words, "--data-binary", f"@{body_file}", address]))
    if to is not None:
        _send(address, headers, message.body)


@callbacks.command()
def check(
    request: Annotated[
        Path | None,
        typer.Argument(help="抓取的请求（HTTP 形式），- 为标准输入 · the request in HTTP form; - for standard input"),
    ] = None,
    headers: Annotated[Path | None, typer.Option(help="报头文件，与 --body 同用 · headers, beside --body")] = None,
    body: Annotated[Path | None, typer.Option(help="报文文件，逐字节 · the body, byte by byte")] = None,
    path: Annotated[
        str | None, typer.Option(help="通知地址的路径，指明商户 · the callback's path, which names the merchant")
    ] = None,
    original: Annotated[
        Path | None, typer.Option(help="渠道发出的报文，用于逐字节比较 · the body as sent, to compare byte by byte")
    ] = None,
) -> None:
    """检查抓取的通知：待验签名串、结论与首个不同的字节 · check a captured callback: base string, verdict, and the first
    byte that differs from what was signed.
    """
    found = _captured(request, headers, body)
    settings = Settings()
    accounts = load_accounts(settings)
    address = path or found.path
    served = listener.served_at(accounts, address)
    if served is None:
        known = "\n".join(f"  {listener.PREFIX}{each.path}" for each in accounts.served)
        raise refuse(
            f"设置中没有地址为 {address or '（未给出，请用 --path）'} 的商户。已配置：\n{known or '  无'}",
            "The settings have no merchant at that address: name one of these by --path.",
        )
    callback = Callback(found.headers, found.body, SystemClock().now(), settings.region)
    diagnosis = diagnose(served, callback, _read(original) if original is not None else None)
    for line in lines(diagnosis, callback):
        typer.echo(line)
    if diagnosis.refusal is not None:
        raise typer.Exit(_NOT_ACCEPTED)


@callbacks.command()
def listen(
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口，0 为任意 · the port; 0 for any")] = 8899,
    count: Annotated[
        int | None, typer.Option(min=1, help="收到这么多份后结束 · end after so many; else on Ctrl-C")
    ] = None,
) -> None:
    """在本机接收通知并逐份显示结论，仅限沙箱 · receive callbacks here and print the verdict of each, in a sandbox only;
    keeps nothing.
    """
    settings = sandbox_settings()
    try:
        asyncio.run(listener.listen(load_accounts(settings), settings.region, port, count, _say))
    except OSError as reason:
        raise refuse(
            f"端口 {port} 不可用（{reason.strerror}），请用 --port 换一个。",
            f"Port {port} cannot be used: name another.",
        ) from None


@callbacks.command()
def deliveries(
    limit: Annotated[int, typer.Option(min=1, max=500, help="最多显示多少条 · at most so many")] = 50,
) -> None:
    """列出收到的通知，及每分钟被拒收的数量 · list the callbacks that were kept, and how many were refused per
    minute.
    """
    settings = Settings()
    with named_login(settings.service_url("payment"), "CANBAO_DATABASE_URL", "payment"):
        kept, refused = asyncio.run(deliveries_log.look_up(settings, limit))
    typer.echo(f"已留存 · kept: {len(kept)}")
    for each in kept:
        typer.echo(
            f"  {each.id}  {each.recorded_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}  {each.channel}"
            f"  {each.merchant_id}  {each.event_type}  {each.state}  {each.reason or '—'}  {each.latency_s:.1f} s"
            f"  {each.notify_id}"
        )
    typer.echo(f"被拒收（按分钟） · refused, by minute: {len(refused)}")
    for row in refused:
        typer.echo(
            f"  {row.minute.astimezone(SHANGHAI):%Y-%m-%d %H:%M}  {row.channel}  {row.merchant_id or '—'}"
            f"  {row.outcome}  {row.times}"
        )


@callbacks.command()
def resend(
    delivery: Annotated[UUID, typer.Argument(help="deliveries 列出的编号 · the id that deliveries lists")],
) -> None:
    """把留存的通知再送一次，用于诊断，可重复执行 · deliver a kept callback again, for diagnosis; safe to repeat."""
    settings = Settings()
    try:
        with named_login(settings.service_url("payment"), "CANBAO_DATABASE_URL", "payment"):
            found = asyncio.run(deliveries_log.resend(settings, delivery))
    except deliveries_log.NotResendable as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(_NOT_ACCEPTED) from None
    typer.echo(f"报文读作 · reads as: {found.read_as.value}（原为 · kept as {found.kept_as.value}）")
    typer.echo(
        f"此通知已在库中，不会重复入账 · it stands once: {found.stands.state} {found.stands.reason or ''}".rstrip()
    )


def _captured(request: Path | None, headers: Path | None, body: Path | None) -> captured.Captured:
    if request is not None and headers is None and body is None:
        content = sys.stdin.buffer.read(captured.LIMIT + 1) if str(request) == "-" else _read(request)
        try:
            return captured.request_in(content)
        except captured.NotCaptured as fault:
            raise typer.BadParameter(str(fault)) from None
    if request is None and headers is not None and body is not None:
        try:
            return captured.Captured("", captured.headers_in(_read(headers)), _read(body))
        except captured.NotCaptured as fault:
            raise typer.BadParameter(str(fault), param_hint="--headers") from None
    raise typer.BadParameter("请给出一个请求文件，或 --headers 和 --body · give one request, or --headers and --body")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(captured.LIMIT + 1)
    except OSError as reason:
        raise typer.BadParameter(f"无法读取 · cannot be read: {file} ({reason.strerror})") from None
    if len(content) > captured.LIMIT:
        raise typer.BadParameter(f"超过 256 KiB · more than 256 KiB: {file}")
    return content


def _address(to: str, path: str) -> str:
    """An address with a path is used as it is; to one without, the channel's own path is added."""
    parts = urlsplit(to)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise typer.BadParameter("须为 http:// 或 https:// 地址 · an http:// or https:// address", param_hint="--to")
    return to.rstrip("/") + path if parts.path in ("", "/") else to


def _send(address: str, headers: dict[str, str], body: bytes) -> None:
    try:
        answer = httpx.post(address, content=body, headers=headers, timeout=_WITHIN_S)
    except httpx.HTTPError as reason:
        raise refuse(
            f"无法发送到 {address}（{type(reason).__name__}），请检查服务是否在运行。",
            f"It could not be sent to {address}: see that the service runs.",
        ) from None
    typer.echo(f"\n应答 · answered {answer.status_code} {answer.text}".rstrip())
    if answer.status_code >= 400:
        raise typer.Exit(_NOT_ACCEPTED)


def _say(line: str) -> None:
    """Print a line at once."""
    typer.echo(line)
    sys.stdout.flush()
