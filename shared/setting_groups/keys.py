"""Keys of tokens, of the person token and of what is encrypted."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from shared.setting_values import OptionalPath


class KeySettings(BaseModel):
    """Keys of tokens, of the person token and of what is encrypted."""

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
            description="个人标识的密钥，32 字节的 base64；registration、subsidy 用，有代收机构时 payment 也用 · "
            "base64, 32 bytes: key of the person token; registration and subsidy, payment where institutions collect"
        ),
    ] = None
    encryption_keys: Annotated[
        dict[str, SecretStr],
        Field(
            description="JSON：密钥编号 → 32 字节的 base64；加密用最后一个 · "
            "JSON: key id → base64 of 32 bytes; the last one encrypts"
        ),
    ] = {}
