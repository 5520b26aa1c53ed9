"""Settings as the environment of a process."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from shared.settings import Settings


def variables(settings: Settings) -> dict[str, str]:
    """The variables that say the same as these settings."""
    values = {name: _plain(getattr(settings, name)) for name in settings.model_fields_set}
    return {
        f"CANBAO_{name.upper()}": json.dumps(value, default=str) if isinstance(value, dict | tuple) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value
