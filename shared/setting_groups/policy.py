"""The policy pack in force."""

from typing import Annotated

from pydantic import BaseModel, Field

from shared.setting_values import OptionalPath


class PolicySettings(BaseModel):
    """The policy pack in force."""

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
