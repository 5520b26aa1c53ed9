"""An installation's settings from its environment: every setting is a ``CANBAO_…`` variable."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from shared.setting_groups.addresses import AddressSettings
from shared.setting_groups.chinaums import ChinaumsSettings
from shared.setting_groups.databases import DatabaseSettings
from shared.setting_groups.deadlines import DeadlineSettings
from shared.setting_groups.events import EventSettings
from shared.setting_groups.keys import KeySettings
from shared.setting_groups.partners import PartnerSettings
from shared.setting_groups.place import PlaceSettings
from shared.setting_groups.policy import PolicySettings
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


# The last group's variables come last in `.env.example`: pydantic takes the fields of bases from the last one on.
class Settings(
    AddressSettings,
    DeadlineSettings,
    ChinaumsSettings,
    PartnerSettings,
    PolicySettings,
    KeySettings,
    DatabaseSettings,
    EventSettings,
    PlaceSettings,
    BaseSettings,
):
    """The settings of one installation; field names are the variables' names without the prefix."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

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
