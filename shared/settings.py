"""An installation's settings from its environment: every setting is a ``CANBAO_…`` variable."""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from shared.setting_values import (
    Brokers,
    DatabaseAddress,
    InstallationName,
    OptionalPath,
    OptionalWebAddress,
    PoolingArea,
    WebAddress,
)
from shared.settings_errors import BYTE_ORDER_MARK, UnusableSetting
from shared.unknown_settings import PREFIX, unknown_settings

_INSTALLATIONS = UUID("6f1f3c0e-1f0a-5c55-9a57-6b3a4d1c2024")


class _SecretFiles(SecretsSettingsSource):
    """A file per setting; a byte order mark at its beginning is passed over."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        value, key, is_complex = super().get_field_value(field, field_name)
        return (value.removeprefix(BYTE_ORDER_MARK).strip() if isinstance(value, str) else value), key, is_complex


def _files_of(dotenv: PydanticBaseSettingsSource) -> list[Path]:
    """The files that assign variables: the one that is read, and the one that shells and Docker Compose read here."""
    read = dotenv.env_file if isinstance(dotenv, DotEnvSettingsSource) else None
    named = [read] if isinstance(read, str | Path) else list(read or ())
    return [file for each in (*named, ".env") if (file := Path(each)).is_file()]


class WechatMerchant(BaseModel):
    """One WeChat Pay merchant: our keys and the platform keys that sign its notices, by serial."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mchid: Annotated[str, Field(description="商户号 · merchant number")]
    appid: Annotated[str, Field(description="公众号或小程序 · the official account's or mini program's id")]
    api_v3_key: Annotated[SecretStr, Field(description="APIv3 密钥，32 个字符 · 32 characters; opens notices")]
    merchant_serial: Annotated[str, Field(description="商户 API 证书序列号 · serial of the merchant's certificate")]
    merchant_private_key_file: Annotated[Path, Field(description="商户私钥 PEM 文件 · PEM; signs requests")]
    platform_keys: Annotated[
        dict[str, Path],
        Field(description="平台公钥 ID 或证书序列号 → PEM 文件 · public key id or serial → PEM; checks notices"),
    ]
    takes_orders: Annotated[
        bool,
        Field(
            description="停用商户时设为 false：不再开新订单，已有订单和退款照办 · "
            "false for a merchant that is given up: no new orders, while its orders and refunds go on"
        ),
    ] = True


class ClearingDays(BaseModel):
    """How many days money and papers may wait where they only pass through, by kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    receipts_unlisted: Annotated[int, Field(ge=0, le=3650)] = 10
    statements_submitted: Annotated[int, Field(ge=0, le=3650)] = 7
    batches_held: Annotated[int, Field(ge=0, le=3650)] = 7
    collector_shortages: Annotated[int, Field(ge=0, le=3650)] = 5
    batches_before_remittance: Annotated[int, Field(ge=0, le=3650)] = 15
    batches_in_transit: Annotated[int, Field(ge=0, le=3650)] = 7
    batches_uncertified: Annotated[int, Field(ge=0, le=3650)] = 15
    bank_lines_unexplained: Annotated[int, Field(ge=0, le=3650)] = 7
    channel_unsettled: Annotated[int, Field(ge=0, le=3650)] = 5
    payouts_unsettled: Annotated[int, Field(ge=0, le=3650)] = 5
    suspense_held: Annotated[int, Field(ge=0, le=3650)] = 15
    refunds_under_way: Annotated[int, Field(ge=0, le=3650)] = 15
    cash_refunds_under_way: Annotated[int, Field(ge=0, le=3650)] = 30


def database_name(service: str) -> str:
    """How the database of a service, or of the embedded ``bus``, is called on its server: never like a stranger's."""
    return f"canbao_{service}"


class Settings(BaseSettings):
    """The settings of one installation; field names are the variables' names without the prefix."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    secrets_dir: Annotated[
        OptionalPath,
        Field(
            description="存放密钥文件的目录：每个变量一个文件，文件名为变量名的小写 · "
            "folder with a file per secret variable, named like it in lower case"
        ),
    ] = None
    installation: Annotated[
        InstallationName,
        Field(description="本套系统的名称；也是消息主题的前缀 · names this installation; prefix of its topics"),
    ] = "local"
    region: Annotated[
        PoolingArea,
        Field(description="统筹区：省、市或县的行政区划代码 · the pooling area: province, city or county code"),
    ] = "411521"
    region_name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=40,
            description="统筹区名称，显示给办事人员 · the pooling area's name, as shown to people",
        ),
    ] = "罗山县"
    benefit_year: Annotated[
        int, Field(ge=2000, le=2100, description="正在征缴的参保年度 · the benefit year being collected")
    ] = 2024

    bus: Annotated[Literal["postgres", "kafka"], Field(description="用什么传送事件 · what carries events")] = "postgres"
    kafka_bootstrap_servers: Annotated[
        Brokers,
        Field(
            validate_default=True,
            description="Kafka 服务器的主机:端口，逗号分隔 · host:port of Kafka brokers, comma separated",
        ),
    ] = ""
    kafka_replicas: Annotated[
        int | None,
        Field(
            ge=1,
            le=10,
            description="新建 Kafka 主题的副本数，代理不足时不建；未设时按当时可用的代理，至多三份"
            " · copies of a new Kafka topic, which is not made while brokers are missing; unset: by the brokers that"
            " are up, at most 3",
        ),
    ] = None
    partitions: Annotated[
        int,
        Field(
            ge=1, le=256, description="每个主题的分区数；安装后不可更改 · partitions per topic; fixed at installation"
        ),
    ] = 12

    database_url: Annotated[
        DatabaseAddress,
        Field(
            description="各服务的数据库；自动填入 {service}、{database}、{password} · "
            "services' databases; {service}, {database} and {password} are filled in"
        ),
    ] = "postgresql://{service}_app:{password}@localhost/{database}"
    database_passwords: Annotated[
        dict[str, SecretStr],
        Field(
            description="JSON：各服务的数据库口令，另有 owner、auditor · "
            "JSON: password of each role, by service; also owner and auditor"
        ),
    ] = {}
    owner_database_url: Annotated[
        DatabaseAddress, Field(description="同一批数据库，迁移时用 · the same databases for migrations")
    ] = "postgresql://canbao_owner:{password}@localhost/{database}"
    auditor_database_url: Annotated[
        DatabaseAddress,
        Field(description="同一批数据库，canbao verify 核验时用 · the same databases for canbao verify"),
    ] = "postgresql://canbao_auditor:{password}@localhost/{database}"
    admin_database_url: Annotated[
        DatabaseAddress,
        Field(
            description="数据库服务器的超级用户，供 provision 及改名用；{password} 为 admin 的口令 · "
            "the server's superuser, for provision and to rename; {password} is admin's"
        ),
    ] = "postgresql://postgres:{password}@localhost/postgres"
    pool_web: Annotated[
        int,
        Field(
            ge=1,
            description="处理请求的数据库连接数，每个服务、每个进程 · "
            "database connections for requests, per service and process",
        ),
    ] = 8
    pool_work: Annotated[
        int,
        Field(
            ge=1,
            description="后台任务的数据库连接数，发送事件另占一个 · "
            "database connections for background work, one more for the relay",
        ),
    ] = 4

    token_private_key_file: Annotated[
        OptionalPath,
        Field(
            description="签发令牌的 ES256 私钥（PEM）；仅 registration 用 · "
            "PEM of the ES256 key that signs tokens; registration only"
        ),
    ] = None
    token_public_key_file: Annotated[
        OptionalPath, Field(description="验证令牌的公钥（PEM） · PEM of the key that checks tokens")
    ] = None
    person_token_key: Annotated[
        SecretStr | None,
        Field(
            description="个人标识的密钥，32 字节的 base64；registration、subsidy 用 · "
            "base64, 32 bytes: key of the person token; registration and subsidy"
        ),
    ] = None
    encryption_keys: Annotated[
        dict[str, SecretStr],
        Field(
            description="JSON：密钥编号 → 32 字节的 base64；加密用最后一个 · "
            "JSON: key id → base64 of 32 bytes; the last one encrypts"
        ),
    ] = {}

    policy_pack: Annotated[str, Field(min_length=1, description="现行政策包 · the policy pack in force")] = (
        "luoshan-2024"
    )
    policy_folder: Annotated[
        OptionalPath,
        Field(
            description="自备政策包的目录；不设则用 canbao 自带的 · folder with packs of your own; else those of canbao"
        ),
    ] = None
    policy_overrides: Annotated[
        OptionalPath, Field(description="YAML：文件未定的金额 · YAML with the amounts that the document leaves open")
    ] = None

    public_base_url: Annotated[
        WebAddress,
        Field(description="支付渠道发送通知的地址，即本系统对外的网址 · where channels reach us, for their notices"),
    ] = "http://127.0.0.1:8000"
    wechat_merchants: Annotated[
        tuple[WechatMerchant, ...], Field(description="JSON：微信支付商户 · JSON: WeChat Pay merchants")
    ] = ()
    wechat_base_url: Annotated[WebAddress, Field(description="微信支付接口地址 · WeChat Pay's API")] = (
        "https://api.mch.weixin.qq.com"
    )
    wechat_native_minutes: Annotated[
        int,
        Field(ge=2, le=10_080, description="扫码订单的有效时间，分钟 · how long a code to scan can be paid, minutes"),
    ] = 120
    wechat_jsapi_minutes: Annotated[
        int,
        Field(
            ge=2,
            le=10_080,
            description="公众号、小程序订单的有效时间，分钟 · how long an order inside WeChat can be paid, minutes",
        ),
    ] = 120
    wechat_browser_minutes: Annotated[
        int,
        Field(
            ge=2,
            le=10_080,
            description="手机网页订单的有效时间，分钟 · how long an H5 order can be paid, minutes",
        ),
    ] = 5
    wechat_questions_per_second: Annotated[
        int,
        Field(
            ge=1,
            le=1_000,
            description="每个商户每秒最多查询多少个订单 · orders that WeChat is asked about per second and merchant",
        ),
    ] = 20
    tax_base_url: Annotated[OptionalWebAddress, Field(description="税务交换平台的地址 · the tax exchange platform")] = (
        ""
    )
    tax_token: Annotated[
        SecretStr | None, Field(description="税务交换平台的访问令牌 · bearer token for the tax exchange platform")
    ] = None

    receipt_entry_days: Annotated[
        int,
        Field(
            ge=0,
            le=3650,
            description="收款后多少天内可由一人登记现金收据；更早的须两人办理 · "
            "days after the cash was received within which one person may enter its receipt; later ones take two",
        ),
    ] = 30

    clearing_days: Annotated[
        ClearingDays,
        Field(
            description="JSON：各类在途款项的时限（天），未列的用默认值 · "
            "JSON: days that each kind of money in clearing may wait; kinds left out keep their default"
        ),
    ] = ClearingDays()

    listen_host: Annotated[
        str,
        Field(
            min_length=1,
            description="canbao serve 监听的地址，--host 优先；网页仅在本机地址上显示精确人数，其他地址只显示全县合计"
            " · address that canbao serve listens on, unless --host says otherwise; "
            "the page shows exact figures on a loopback address only, elsewhere county totals",
        ),
    ] = "127.0.0.1"
    metrics_host: Annotated[
        str, Field(min_length=1, description="指标端口的监听地址 · address of the metrics port")
    ] = "127.0.0.1"
    metrics_port: Annotated[
        int, Field(ge=0, le=65535, description="/metrics 的端口；0 为不提供 · port of /metrics; 0 serves none")
    ] = 0

    services_base_url: Annotated[
        WebAddress, Field(description="看板查询各服务的地址 · where the console asks the services")
    ] = "http://127.0.0.1:8000"
    console_client_id: Annotated[
        str, Field(min_length=1, description="看板自己的接口客户端 · the console's own API client")
    ] = "console"
    console_client_secret: Annotated[
        SecretStr | None, Field(description="看板接口客户端的密钥 · secret of the console's API client")
    ] = None

    @field_validator("kafka_bootstrap_servers")
    @classmethod
    def _named_where_needed(cls, servers: str, others: ValidationInfo) -> str:
        if not servers and others.data.get("bus") == "kafka":
            raise ValueError("CANBAO_BUS 为 kafka 时须设置 · must be set where CANBAO_BUS is kafka")
        return servers

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables first, then the files of ``CANBAO_SECRETS_DIR``, which is itself a variable.

        Raises UnusableSetting where that is no folder, and for variables and files that no setting has.
        """
        folder = os.environ.get("CANBAO_SECRETS_DIR")
        if folder and not Path(folder).is_dir():
            raise UnusableSetting(f"CANBAO_SECRETS_DIR: 不是目录 · is no folder: {folder}")
        known = {f"{PREFIX}{name.upper()}" for name in settings_cls.model_fields}
        if unknown := unknown_settings(known, _files_of(dotenv_settings), Path(folder) if folder else None):
            raise UnusableSetting(*unknown)
        files = (_SecretFiles(settings_cls, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, dotenv_settings, *files)

    @cached_property
    def installation_id(self) -> UUID:
        """The key of facts about the installation as a whole."""
        return uuid5(_INSTALLATIONS, self.installation)

    def service_url(self, service: str) -> str:
        """The database address that the service itself logs in with."""
        return self._fill(self.database_url, service, database=service, role=service)

    def bus_url(self, service: str) -> str:
        """The address of the embedded bus's database, with the service's own login."""
        return self._fill(self.database_url, service, database="bus", role=service)

    def owner_url(self, database: str) -> str:
        """The database address of the role that owns the tables: for migrations only."""
        return self._fill(self.owner_database_url, database, database=database, role="owner")

    @property
    def admin_url(self) -> str:
        """The server's superuser, who makes roles and databases."""
        return self._fill(self.admin_database_url, "postgres", database="postgres", role="admin")

    def auditor_url(self, database: str) -> str:
        """The database address of the read-only auditor."""
        return self._fill(self.auditor_database_url, database, database=database, role="auditor")

    def _fill(self, template: str, service: str, *, database: str, role: str) -> str:
        password = self.database_passwords.get(role)
        name = database if role == "admin" else database_name(database)
        secret = quote(password.get_secret_value(), safe="") if password else ""
        return template.format(service=service, database=name, password=secret)
