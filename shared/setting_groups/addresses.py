"""Where canbao and its metrics listen, and where the console asks."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from shared.setting_values import WebAddress


class AddressSettings(BaseModel):
    """Where canbao and its metrics listen, and where the console asks."""

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
