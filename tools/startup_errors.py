"""A missing database, a wrong setting or a refused login, said in a sentence with the remedy instead of a traceback."""

import asyncpg
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DBAPIError

from shared.database.logins import NOT_RUNNING, LoginRefused, is_out_of_reach, is_stopped
from shared.database.migrate import TablesTooNew
from shared.database.older_names import ForeignDatabase, OlderDatabaseInUse, OlderDatabaseName
from shared.database.server_version import PostgresTooOld
from shared.messaging.bus.errors import error_summary
from shared.messaging.bus.protocol import BusRefused
from shared.protection import ProtectionKeyMissing
from shared.settings import Settings
from shared.settings_errors import WHERE_SETTINGS_ARE, UnusableSetting, setting_problems
from shared.web.tokens import TokenKeyMissing

NOTHING_TO_WORK_WITH = 3
# Refusals of our own, whose message already names the remedy.
_REFUSED = (PostgresTooOld, TablesTooNew, ForeignDatabase, OlderDatabaseInUse, OlderDatabaseName)
_NO_DATABASE = """\
没有可用的数据库或设置 · no database or settings to work with: {why}
{where}"""


_SETTINGS = """\
设置有误 · the settings are wrong:
{problems}
各项含义见 .env.example（canbao config example） · .env.example says what each of them takes"""


def explain(error: Exception) -> None:
    """End with exit code 3 and the remedy where database or settings are the cause; return for anything else."""
    if isinstance(error, _REFUSED):
        _end(str(error))
    problems = _problems(error)
    if problems:
        _end(_SETTINGS.format(problems="\n".join(f"  {each}" for each in problems)))
    if isinstance(error, OSError | DBAPIError) and is_stopped(error):
        _end(NOT_RUNNING)
    expected = (OSError, DBAPIError, asyncpg.PostgresError)
    if isinstance(error, expected) and is_out_of_reach(error):
        _end(_NO_DATABASE.format(why=error_summary(error), where=WHERE_SETTINGS_ARE))


def _problems(error: Exception) -> list[str]:
    """What is wrong with the settings, a line each; nothing where something else is."""
    if isinstance(error, LoginRefused | BusRefused | TokenKeyMissing | ProtectionKeyMissing):
        return [str(error)]
    if isinstance(error, ValidationError):
        return setting_problems(error) if error.title == Settings.__name__ else []
    return setting_problems(error) if isinstance(error, SettingsError | UnusableSetting) else []


def _end(said: str) -> None:
    typer.echo(said, err=True)
    raise SystemExit(NOTHING_TO_WORK_WITH) from None
