"""A missing database, a wrong setting or a refused login, said in a sentence with the remedy instead of a traceback."""

import asyncpg
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DBAPIError

from shared.database.older_names import ForeignDatabase, OlderDatabaseInUse, OlderDatabaseName
from shared.database.server_version import PostgresTooOld
from shared.messaging.bus.errors import error_summary
from shared.protection import ProtectionKeyMissing
from shared.settings import Settings
from shared.settings_errors import setting_problems
from shared.web.tokens import TokenKeyMissing

NOTHING_TO_WORK_WITH = 3
_KEY_MISSING = (TokenKeyMissing, ProtectionKeyMissing)
# Refusals of our own, whose message already names the remedy.
_REFUSED = (PostgresTooOld, ForeignDatabase, OlderDatabaseInUse, OlderDatabaseName)
# SQLSTATE classes: nobody answers, the login is refused, there is no such database.
_CLASSES = ("08", "28", "3D")
_NO_DATABASE = """\
没有可用的数据库或设置 · no database or settings to work with: {why}
本机已运行过 canbao up：set -a; . .canbao/secrets/canbao.env; set +a
否则设置 CANBAO_DATABASE_URL 等，见 .env.example；canbao doctor 逐项检查
after canbao up here, source .canbao/secrets/canbao.env; otherwise set CANBAO_DATABASE_URL and the like,
see .env.example; canbao doctor looks at each of them"""


_SETTINGS = """\
设置有误 · the settings are wrong:
{problems}
各项含义见 .env.example（canbao config example） · .env.example says what each of them takes"""


def explain(error: Exception) -> None:
    """End with exit code 3 and the remedy where database or settings are the cause; return for anything else."""
    if isinstance(error, _REFUSED):
        typer.echo(str(error), err=True)
        raise SystemExit(NOTHING_TO_WORK_WITH) from None
    if isinstance(error, SettingsError) or (isinstance(error, ValidationError) and error.title == Settings.__name__):
        problems = "\n".join(f"  {each}" for each in setting_problems(error))
        typer.echo(_SETTINGS.format(problems=problems), err=True)
        raise SystemExit(NOTHING_TO_WORK_WITH) from None
    expected = (OSError, DBAPIError, asyncpg.PostgresError, *_KEY_MISSING)
    if isinstance(error, expected) and _is_environment(error):
        typer.echo(_NO_DATABASE.format(why=error_summary(error)), err=True)
        raise SystemExit(NOTHING_TO_WORK_WITH) from None


def _is_environment(error: BaseException) -> bool:
    while error.__cause__ is not None and getattr(error, "sqlstate", None) is None:
        error = error.__cause__
    state = str(getattr(error, "sqlstate", None) or "")
    return isinstance(error, (ConnectionError, *_KEY_MISSING)) or state.startswith(_CLASSES)
