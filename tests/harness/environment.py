"""Settings as the environment of a process."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from shared.settings import Settings
from tests.harness.copied import copied


def variables(settings: Settings) -> dict[str, str]:
    """Settings as the environment of a process, which finds every database made."""
    copied(settings)

    def plain(value: Any) -> Any:
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        if isinstance(value, BaseModel):
            return plain(dict(value))
        if isinstance(value, Mapping):
            return {name: plain(each) for name, each in value.items()}
        if isinstance(value, tuple):
            return [plain(each) for each in value]
        return value

    values = {name: plain(getattr(settings, name)) for name in settings.model_fields_set}
    return {
        f"CANBAO_{name.upper()}": json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
        for name, value in values.items()
        if value is not None
    }
