"""What carries events, and how."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from shared.setting_values import Brokers


class EventSettings(BaseModel):
    """What carries events, and how."""

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

    @field_validator("kafka_bootstrap_servers")
    @classmethod
    def _named_where_needed(cls, servers: str, others: ValidationInfo) -> str:
        if not servers and others.data.get("bus") == "kafka":
            raise ValueError("CANBAO_BUS 为 kafka 时须设置 · must be set where CANBAO_BUS is kafka")
        return servers
