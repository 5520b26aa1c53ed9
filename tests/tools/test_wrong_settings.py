"""A setting or a file that is wrong stops the command with a line that names it, in Chinese and English, and exit 3."""

import asyncio
import json
import os
import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url
from typer.testing import CliRunner

from shared.settings import Settings
from tests.harness.cluster import Cluster
from tests.harness.environment import variables
from tests.harness.installation import Installation
from tests.harness.ports import free_port
from tests.harness.typed_command import ROOT, typed_command
from tests.harness.wechat_peer import MCHID, merchant
from tools.cli import app

PAYMENT = ("serve", "payment", "--role", "web", "--port", str(free_port()))


def typed(*words: str, code: int = 3, folder: Path = ROOT, **environment: str) -> str:
    """What a command says of an environment in which nothing else is set; no traceback, and the exit code."""
    return printed(words, environment, folder, code=code)


def printed(words: Sequence[str], environment: Mapping[str, str], folder: Path = ROOT, *, code: int = 3) -> str:
    """The same of an environment at hand."""
    ended = typed_command(words, environment, folder)
    assert ended.code == code, ended.said
    assert "Traceback" not in ended.said
    return ended.said


def fault(said: str) -> str:
    """The one line about the settings, between the heading and where they are explained."""
    heading, line, explained = said.splitlines()
    assert heading == "设置有误 · the settings are wrong:"
    assert ".env.example" in explained
    assert re.search(r"[\u4e00-\u9fff].* · .*[a-z]{3}", line), "Chinese, then English"
    return line.strip()


async def there(installation: Installation, *words: str, code: int = 3, **changes: str) -> str:
    """What a command says in an installation whose databases are there."""
    environment = variables(installation.settings) | changes
    return await asyncio.to_thread(printed, words, environment, code=code)


class TestSecretsFolder:
    @pytest.mark.parametrize("words", [("provision",), PAYMENT], ids=["provision", "serve"])
    def test_a_folder_that_is_not_there_is_named(self, words: tuple[str, ...], tmp_path: Path) -> None:
        nowhere = str(tmp_path / "nowhere")
        said = fault(typed(*words, CANBAO_SECRETS_DIR=nowhere))
        assert said == f"CANBAO_SECRETS_DIR: 不是目录 · is no folder: {nowhere}"

    def test_the_doctor_reports_it_among_its_findings(self, tmp_path: Path) -> None:
        nowhere = str(tmp_path / "nowhere")
        said = json.loads(typed("doctor", "--json", code=1, CANBAO_SECRETS_DIR=nowhere))["findings"][0]
        assert said["code"] == "SETTINGS_UNREADABLE"
        assert f"CANBAO_SECRETS_DIR: 不是目录 · is no folder: {nowhere}" in json.dumps(said, ensure_ascii=False)

    def test_provision_without_the_passwords_names_the_folder_to_set(self) -> None:
        said = typed("provision")
        assert len(said.splitlines()) == 1
        zh, en = said.split(" · ")
        assert "请先运行 canbao keys make FOLDER，再设置 CANBAO_SECRETS_DIR=FOLDER/provision" in zh
        assert "run canbao keys make FOLDER, then set CANBAO_SECRETS_DIR=FOLDER/provision" in en

    @pytest.mark.parametrize("set_to", [".", "payment"])
    def test_provision_beside_the_right_folder_names_it(self, tmp_path: Path, set_to: str) -> None:
        CliRunner().invoke(app, ["keys", "make", str(tmp_path)])
        said = typed("provision", CANBAO_SECRETS_DIR=str(tmp_path / set_to))
        zh, en = said.split(" · ")
        assert f"请设置 CANBAO_SECRETS_DIR={tmp_path / 'provision'}" in zh
        assert en.rstrip().endswith(f"set CANBAO_SECRETS_DIR={tmp_path / 'provision'}")
        assert "keys make" not in said


# Every command that reads settings.
READERS = (
    ("provision",),
    ("migrate",),
    PAYMENT,
    ("verify",),
    ("clients", "add", "x", "--scope", "payment:read", "--region", "411521"),
    ("import", "people", __file__),
    ("replay", "list", "payment"),
    ("up", "--once"),
)


class TestUnknownSettings:
    """First use: a typo in a variable's name passed in silence."""

    @pytest.mark.parametrize("words", READERS, ids=[words[0] for words in READERS])
    def test_every_command_refuses_a_variable_that_is_no_setting(self, words: tuple[str, ...], tmp_path: Path) -> None:
        said = fault(typed(*words, folder=tmp_path, CANBAO_INSTALATION="luoshan"))
        assert said == (
            "CANBAO_INSTALATION: 没有这项设置，是否为 CANBAO_INSTALLATION · no such setting, is it CANBAO_INSTALLATION?"
        )
        assert not list(tmp_path.iterdir()), "nothing was made"

    def test_the_doctor_finds_it_in_the_folder_of_up_by_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "secrets").mkdir()
        kept = tmp_path / "secrets" / "canbao.env"
        kept.write_text("CANBAO_BUS='postgres'\nCANBAO_REGOIN='411521'\n", encoding="utf-8")
        said = json.loads(typed("doctor", "--json", "--data", str(tmp_path), code=1))["findings"][0]
        assert said["code"] == "SETTINGS_UNREADABLE"
        assert f"{kept}:2: CANBAO_REGOIN: 没有这项设置，是否为 CANBAO_REGION" in said["zh"]

    def test_one_that_stands_in_env_is_named_by_its_line(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("# ours\nexport CANBAO_REGOIN=411521\nPORT=1\n", encoding="utf-8")
        said = fault(typed("migrate", folder=tmp_path))
        assert said.startswith(".env:2: CANBAO_REGOIN: 没有这项设置，是否为 CANBAO_REGION")

    def test_a_secret_file_that_is_no_setting_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "canbao_tax_tokn").write_text("secret", encoding="utf-8")
        (tmp_path / "token.pem").write_text("", encoding="utf-8")
        said = fault(typed("migrate", CANBAO_SECRETS_DIR=str(tmp_path)))
        assert said.startswith(f"{tmp_path / 'canbao_tax_tokn'}: 没有这项设置，是否为 CANBAO_TAX_TOKEN · ")


class TestListening:
    """First use: a port that cannot be had was answered with a traceback, or with a hint about the database."""

    def test_a_port_that_is_in_use_is_named_by_its_setting(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            said = fault(typed("serve", "payment", "--port", port))
            assert said.startswith(f"--port: 端口 {port} 已被占用")
            said = fault(typed(*PAYMENT, CANBAO_METRICS_PORT=port))
            assert said.startswith(f"CANBAO_METRICS_PORT: 端口 {port} 已被占用")

    @pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
    def test_a_host_of_other_machines_is_named_by_its_setting(self, host: str) -> None:
        said = fault(typed(*PAYMENT, CANBAO_LISTEN_HOST=host))
        assert said == f"CANBAO_LISTEN_HOST (--host): 不是本机地址 · is no address of this machine: {host}"

    def test_a_port_that_is_none_is_refused(self) -> None:
        assert "65535" in typed("serve", "payment", "--port", "65536", code=2)


class TestKeys:
    async def test_a_missing_key_is_named_with_where_keys_come_from(self, installation: Installation) -> None:
        for setting, service in (
            ("encryption_keys", "subsidy"),
            ("person_token_key", "registration"),
            ("token_private_key_file", "registration"),
            ("token_public_key_file", "payment"),
        ):
            values = variables(installation.settings)
            del values[f"CANBAO_{setting.upper()}"]
            words = ("serve", service, "--role", "web", "--port", PAYMENT[-1])
            said = fault(await asyncio.to_thread(printed, words, values))
            assert said.startswith(f"CANBAO_{setting.upper()}: 未设置，须为")
            assert "canbao keys make" in said
            assert "DATABASE" not in said


class TestFiles:
    async def test_a_merchants_key_that_is_not_there(self, installation: Installation, tmp_path: Path) -> None:
        gone = tmp_path / "gone.pem"
        for field in ("merchant_private_key_file", "platform_keys"):
            value = gone if field == "merchant_private_key_file" else {"SERIAL": gone}
            known = merchant(tmp_path).model_copy(update={field: value})
            said = fault(await there(installation.with_settings(wechat_merchants=(known,)), *PAYMENT))
            at = field if field == "merchant_private_key_file" else "platform_keys.SERIAL"
            assert said == (
                f"CANBAO_WECHAT_MERCHANTS[mchid {MCHID}].{at}: 没有这个文件 · there is no such file: {gone}"
            )

    async def test_a_merchants_key_that_is_none(self, installation: Installation, tmp_path: Path) -> None:
        known = merchant(tmp_path)
        known.merchant_private_key_file.write_bytes(b"no key")
        said = fault(await there(installation.with_settings(wechat_merchants=(known,)), *PAYMENT))
        assert said.startswith(f"CANBAO_WECHAT_MERCHANTS[mchid {MCHID}].merchant_private_key_file: ")
        assert said.endswith(str(known.merchant_private_key_file))

    async def test_a_short_key_says_what_it_has_and_what_it_must_have(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        known = merchant(tmp_path).model_copy(update={"api_v3_key": SecretStr("too-short")})
        said = fault(await there(installation.with_settings(wechat_merchants=(known,)), *PAYMENT))
        assert said.startswith(f"CANBAO_WECHAT_MERCHANTS[mchid {MCHID}].api_v3_key: ")
        assert "有 9 个字节，须为 32 个 · the APIv3 key has 9 bytes, it must have 32 bytes" in said
        assert "too-short" not in said

    async def test_a_token_key_that_is_not_there(self, installation: Installation, tmp_path: Path) -> None:
        gone = str(tmp_path / "gone.pem")
        said = fault(await there(installation, *PAYMENT, CANBAO_TOKEN_PUBLIC_KEY_FILE=gone))
        assert said == f"CANBAO_TOKEN_PUBLIC_KEY_FILE: 没有这个文件 · there is no such file: {gone}"

    async def test_a_token_key_that_is_none(self, installation: Installation, tmp_path: Path) -> None:
        (tmp_path / "none.pem").write_bytes(b"no key")
        said = fault(await there(installation, *PAYMENT, CANBAO_TOKEN_PUBLIC_KEY_FILE=str(tmp_path / "none.pem")))
        assert said.startswith("CANBAO_TOKEN_PUBLIC_KEY_FILE: 不是 P-256 密钥的 PEM 文件 · ")


class TestPolicy:
    async def test_an_unknown_pack_is_named_with_those_there_are(self, installation: Installation) -> None:
        said = fault(await there(installation, *PAYMENT, CANBAO_POLICY_PACK="luoshan-2042"))
        assert said.startswith("CANBAO_POLICY_PACK: 没有政策包 luoshan-2042 · there is no pack luoshan-2042")
        assert "luoshan-2024" in said

    async def test_overrides_that_are_not_there_are_named_with_their_own_remedy(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        gone = tmp_path / "amounts.yaml"
        said = fault(await there(installation, *PAYMENT, CANBAO_POLICY_OVERRIDES=str(gone)))
        assert said.startswith(f"CANBAO_POLICY_OVERRIDES: {gone}:1: 没有这个文件 · there is no such file")
        assert "check the path of the file" in said

    async def test_overrides_that_are_a_folder_are_named(self, installation: Installation, tmp_path: Path) -> None:
        said = fault(await there(installation, *PAYMENT, CANBAO_POLICY_OVERRIDES=str(tmp_path)))
        assert said.startswith(f"CANBAO_POLICY_OVERRIDES: {tmp_path}:1: 文件无法读取 · ")

    async def test_what_is_wrong_within_them_is_named_by_line(self, installation: Installation, tmp_path: Path) -> None:
        file = tmp_path / "amounts.yaml"
        file.write_text("label: 示例\nlabel: 示例\n", encoding="utf-8")
        said = fault(await there(installation, *PAYMENT, CANBAO_POLICY_OVERRIDES=str(file)))
        assert said.startswith(f"CANBAO_POLICY_OVERRIDES: {file}:2: label 写了两次 · is written twice")


class TestDatabase:
    async def test_another_installations_name_is_refused_by_setting(self, installation: Installation) -> None:
        assert "newest version" in await there(installation, "migrate", code=0)
        said = fault(await there(installation, "migrate", CANBAO_INSTALLATION="elsewhere"))
        assert said.startswith("CANBAO_INSTALLATION: ")
        assert "现为 elsewhere，安装后不可更改，请改回 · " in said
        assert "not 'elsewhere': this is fixed at installation, set it back" in said

    @pytest.mark.parametrize("role", ["web", "work", "all"])
    async def test_serve_of_another_installations_database_is_refused_by_setting(
        self, installation: Installation, role: str
    ) -> None:
        """S6: it ran on and said it in the log, and the web role not at all."""
        words = ("serve", "quota", "--role", role, "--port", str(free_port()))
        said = fault(await there(installation, *words, CANBAO_INSTALLATION="zzz"))
        assert said.startswith("CANBAO_INSTALLATION: 服务 quota 的数据库安装时为 local，现为 zzz")

    async def test_verify_of_another_installations_databases_is_refused_by_setting(
        self, installation: Installation
    ) -> None:
        """First use: a report named the installation that was set, not the one that it was about."""
        said = fault(await there(installation, "verify", CANBAO_INSTALLATION="elsewhere"))
        assert said.startswith("CANBAO_INSTALLATION: ")
        assert "was installed with installation 'local', not 'elsewhere'" in said

    async def test_provision_of_another_installations_databases_is_refused_by_setting(
        self, cluster: Cluster, migrated: Settings
    ) -> None:
        values = variables(migrated) | {"CANBAO_ADMIN_DATABASE_URL": cluster.admin_url}
        other = values | {"CANBAO_INSTALLATION": "elsewhere"}
        said = fault(await asyncio.to_thread(printed, ("provision",), other))
        assert said.startswith("CANBAO_INSTALLATION: 服务 registration 的数据库安装时为 local，现为 elsewhere")
        assert "roles and databases are ready" in await asyncio.to_thread(printed, ("provision",), values, code=0)

    async def test_a_wrong_password_names_role_database_and_setting(self, installation: Installation) -> None:
        settings = installation.settings
        wrong = installation.with_settings(
            database_passwords={name: SecretStr("wrong") for name in settings.database_passwords}
        )
        said = fault(await there(wrong, "migrate"))
        assert said.startswith("CANBAO_OWNER_DATABASE_URL: ")
        assert "refuses the login of role canbao_owner" in said
        assert "registration" in said, "the database"
        assert "owner in CANBAO_DATABASE_PASSWORDS" in said
        assert "wrong" not in said

    @pytest.mark.parametrize(
        ("words", "role"),
        [
            (("replay", "list", "quota"), "quota"),
            (("clients", "add", "x", "--scope", "payment:read", "--region", "411521"), "registration"),
            (("import", "people", __file__), "registration"),
        ],
        ids=["replay", "clients", "import"],
    )
    async def test_a_services_wrong_password_names_role_database_and_setting(
        self, installation: Installation, words: tuple[str, ...], role: str
    ) -> None:
        """S3: the driver's own error was shown, and a hint about settings that are there."""
        passwords = {name: SecretStr("wrong") for name in installation.settings.database_passwords}
        said = fault(await there(installation.with_settings(database_passwords=passwords), *words))
        assert said.startswith("CANBAO_DATABASE_URL: ")
        assert f"refuses the login of role {role}_app" in said
        assert f"{role} in CANBAO_DATABASE_PASSWORDS" in said

    async def test_the_auditors_wrong_password_is_named_by_verify(self, installation: Installation) -> None:
        """S3: verify gave the driver's words alone."""
        passwords = {name: SecretStr("wrong") for name in installation.settings.database_passwords}
        said = await there(installation.with_settings(database_passwords=passwords), "verify", code=2)
        assert "CANBAO_AUDITOR_DATABASE_URL: " in said
        assert "refuses the login of role canbao_auditor" in said
        assert "auditor in CANBAO_DATABASE_PASSWORDS" in said
        assert len(said.splitlines()) == 1

    async def test_provision_names_the_administrators_login(self, installation: Installation) -> None:
        known = installation.settings
        wrong = known.owner_url("payment").replace(known.database_passwords["owner"].get_secret_value(), "wrong")
        said = fault(await there(installation, "provision", CANBAO_ADMIN_DATABASE_URL=wrong))
        assert said.startswith("CANBAO_ADMIN_DATABASE_URL: ")
        assert "refuses the login of role canbao_owner" in said
        assert "wrong" not in said

    async def test_the_doctor_speaks_of_the_password_not_of_starting_the_server(
        self, installation: Installation
    ) -> None:
        passwords = {name: SecretStr("wrong") for name in installation.settings.database_passwords}
        said = json.loads(
            await there(installation.with_settings(database_passwords=passwords), "doctor", "--json", code=1)
        )
        found = {each["subject"]: each for each in said["findings"] if each["code"] == "DATABASE_LOGIN_REFUSED"}
        assert set(found) == {"registration", "subsidy", "payment", "quota"}
        assert "Start PostgreSQL" not in json.dumps(said)
        assert "password of payment" in json.dumps(found["payment"])

    def test_verify_with_nothing_set_gives_the_hint_that_others_give(self) -> None:
        nobody = "postgresql://canbao_auditor@127.0.0.1:1/{database}"
        said = typed("verify", code=2, CANBAO_AUDITOR_DATABASE_URL=nobody)
        assert said.startswith("无法核对 · could not examine: registration")
        assert "set -a; . .canbao/secrets/canbao.env" in said
        assert os.linesep.join(said.splitlines()[1:]) in typed("migrate", CANBAO_OWNER_DATABASE_URL=nobody)


@pytest.mark.parametrize(
    "address",
    ["nonsense", "postgresql://x:{pw}@localhost/{database}", "postgresql://x:p{a@h/d", "postgresql://x@h:port/d", ""],
)
def test_what_is_no_database_address_is_named(address: str) -> None:
    said = fault(typed("migrate", CANBAO_OWNER_DATABASE_URL=address))
    assert said.startswith("CANBAO_OWNER_DATABASE_URL: 须为 postgresql://")


def test_a_password_may_hold_any_character() -> None:
    """A slash in it was read as the port, and part of the password was printed."""
    settings = Settings(database_passwords={"owner": SecretStr("p@ss/w#rd{}%41:?")})
    assert make_url(settings.owner_url("payment")).password == "p@ss/w#rd{}%41:?"
