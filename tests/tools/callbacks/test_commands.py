"""Callbacks of a sandbox, by every mechanism of the table: signed, checked, received, and refused to all others."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.payment.channels.accounts import load_accounts
from services.payment.channels.callback import Callback, Refusal
from services.payment.channels.table import ADAPTERS
from services.payment.notices.notice import NoticeKind, PaymentNotice, RefundNotice
from shared.domain.clock import SystemClock
from shared.settings import Settings
from tests.harness.ports import free_port
from tests.harness.timeouts import stretched
from tools.callbacks.captured import request_in
from tools.callbacks.verdict import MEANINGS
from tools.cli import app

MECHANISMS = [adapter.mechanism.value.lower() for adapter in ADAPTERS]
FORMS = [name for name in MECHANISMS if name != "wechat"]
Run = Callable[..., Result]


def canbao(*words: str | Path) -> Result:
    """Run a command of the command line in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A sandbox, made once, whose settings are in force."""
    made = tmp_path_factory.mktemp("sandbox")
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("CANBAO_SANDBOX", "true")
        assert canbao("channels", "sandbox", made).exit_code == 0
        for line in (made / "sandbox.env").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            changed.setenv(name, value.strip("'"))
        yield made


def signed(folder: Path, mechanism: str, *words: str | Path) -> Path:
    """A request as `callbacks sign` keeps it."""
    file = folder / f"{mechanism}.http"
    ended = canbao("callbacks", "sign", "SANDBOX01", "--folder", folder, "--channel", mechanism, "--out", file, *words)
    assert ended.exit_code == 0, ended.output
    assert "curl -i -H" in ended.output
    return file


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_sample_says_what_was_asked_for(folder: Path, mechanism: str) -> None:
    served = next(
        each for each in load_accounts(Settings()).served if each.adapter.mechanism.value.lower() == mechanism
    )
    read = []
    for words in (["--amount-fen", "40001"], ["--kind", "refund", "--amount-fen", "7", "--paid-fen", "40001"]):
        request = request_in(signed(folder, mechanism, "--order-no", "ORDER1", *words).read_bytes())
        callback = Callback(request.headers, request.body, SystemClock().now(), "411521")
        read.append(served.adapter.read(served.account, callback).notice)
    paid, refunded = read
    assert isinstance(paid, PaymentNotice)
    assert isinstance(refunded, RefundNotice)
    assert (paid.order_no, paid.amount_fen, paid.payee_merchant_id) == ("ORDER1", 40_001, "SANDBOX01")
    assert (refunded.kind, refunded.order_no, refunded.amount_fen) == (NoticeKind.REFUND, "ORDER1", 7)


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str, list[str]]] = {
    "written again": (lambda body: body.replace(b'","', b'", "'), "重新序列化", ["wechat"]),
    "a line end more": (lambda body: body + b"\r\n", "末尾多了换行", ["wechat"]),
    "a byte order mark": (lambda body: b"\xef\xbb\xbf" + body, "字节顺序标记", ["wechat"]),
    "another charset": (lambda body: body.decode().encode("gbk"), "转换了字符集", ["wechat"]),
    "plus signs decoded": (lambda body: body.replace(b"%2B", b"+"), "加号变成了空格", FORMS),
}


@pytest.mark.parametrize(
    ("mechanism", "change"), [(name, change) for change, (_, _, names) in CHANGES.items() for name in names]
)
def test_a_changed_body_is_explained_by_its_first_differing_byte(folder: Path, mechanism: str, change: str) -> None:
    alter, said, _ = CHANGES[change]
    request = signed(folder, mechanism)
    content = request.read_bytes()
    head, _, body = content.partition(b"\r\n\r\n")
    altered = alter(body)
    request.write_bytes(head + b"\r\n\r\n" + altered)
    (folder / "original").write_bytes(body)
    ended = canbao("callbacks", "check", request)
    assert ended.exit_code == 1, ended.output
    assert said in ended.output
    offset = next(place for place in range(len(altered)) if altered[place : place + 1] != body[place : place + 1])
    assert f"first differing byte: {offset}\n" in ended.output
    compared = canbao("callbacks", "check", request, "--original", folder / "original")
    assert f"first differing byte: {offset}\n" in compared.output


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_check_shows_the_base_string_and_no_key(folder: Path, mechanism: str) -> None:
    ended = canbao("callbacks", "check", signed(folder, mechanism))
    assert ended.exit_code == 0, ended.output
    assert "待验签名串 · base string" in ended.output
    place = folder / "SANDBOX01" / mechanism
    keys = [file for file in place.iterdir() if file.suffix in (".pem", ".key") and "pub" not in file.name]
    secrets = [file.read_text() for file in keys]
    assert secrets
    assert not any(line in ended.output for each in secrets for line in each.splitlines() if len(line) > 32)


def test_an_old_capture_is_stale_and_right_otherwise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = signed(folder, "wechat")
    later = SystemClock().now().replace(year=2099)
    monkeypatch.setattr(SystemClock, "now", lambda _: later)
    ended = canbao("callbacks", "check", request)
    assert ended.exit_code == 1
    assert "refused (stale)" in ended.output
    assert "除时间外均无误" in ended.output


def test_the_listener_answers_as_the_service_would(folder: Path) -> None:
    port = free_port()
    ended: list[Result] = []
    words = ("callbacks", "listen", "--port", str(port), "--count", "3")
    listening = threading.Thread(target=lambda: ended.append(canbao(*words)))
    listening.start()
    address = f"http://127.0.0.1:{port}/payment/v1/callbacks/wechat/"
    request = request_in(signed(folder, "wechat").read_bytes())
    headers = {name.decode(): value.decode() for name, value in request.headers}
    client = httpx.Client(transport=httpx.HTTPTransport(retries=20), timeout=stretched(20))
    with client:
        taken = client.post(f"{address}SANDBOX01", content=request.body, headers=headers)
        altered = client.post(f"{address}SANDBOX01", content=request.body + b" ", headers=headers)
        unknown = client.post(f"{address}SANDBOX99", content=b"x" * 100_000)
    listening.join(stretched(30))
    assert [taken.status_code, altered.status_code, unknown.status_code] == [204, 401, 404]
    assert altered.json()["code"] == "FAIL"
    assert ended[0].exit_code == 0, ended[0].output
    assert ended[0].output.count("结论：") == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sign", "1900000109"], ("1900000109 不是沙箱商户", "1900000109 is no merchant of a sandbox")),
        (["sign", "SANDBOX77"], ("没有商户 SANDBOX77", "has no merchant SANDBOX77")),
        (["sign", "SANDBOX01", "--order-no", "订单"], ("须为 1 至 64 个", "1 to 64 ASCII")),
        (["sign", "SANDBOX01", "--to", "ftp://x"], ("须为 http:// 或 https://", "an http://")),
    ],
    ids=["a live merchant", "an unknown one", "a number in Chinese", "no web address"],
)
def test_what_cannot_be_signed_is_refused_in_both_languages(
    folder: Path, words: list[str], said: tuple[str, str]
) -> None:
    ended = canbao("callbacks", *words, "--folder", folder)
    assert ended.exit_code in (2, 3)
    assert all(each in " ".join(ended.output.split()) for each in said), ended.output


LIVE = (["channels", "sandbox", "x"], ["callbacks", "sign", "SANDBOX01"], ["callbacks", "listen"])


@pytest.mark.parametrize("words", LIVE, ids=" ".join)
def test_a_live_installation_plays_nothing(words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for adapter in ADAPTERS:
        monkeypatch.delenv(f"CANBAO_{adapter.setting.upper()}", raising=False)
    monkeypatch.setenv("CANBAO_SANDBOX", "false")
    monkeypatch.chdir(tmp_path)
    ended = canbao(*words)
    assert ended.exit_code == 3
    assert "本套系统不是沙箱" in ended.output
    assert "This installation is no sandbox" in ended.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [b"", b"GET / HTTP/1.1\r\n\r\n", b"POST /x HTTP/1.1\r\nno colon\r\n\r\n", b"\xff\xfe", b"x" * 300_000],
    ids=["nothing", "no POST", "no header", "no text", "too long"],
)
def test_what_is_no_request_is_refused_with_a_sentence(folder: Path, content: bytes) -> None:
    (folder / "captured").write_bytes(content)
    ended = canbao("callbacks", "check", folder / "captured")
    assert ended.exit_code == 2, ended.output
    assert "·" in ended.output


def test_every_refusal_has_its_meaning() -> None:
    assert set(MEANINGS) == set(Refusal)
