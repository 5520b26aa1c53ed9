"""The command line: it finds what up left, its exit code says whether something is broken, and it names no secret."""

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner, Result

from shared.settings import Settings
from tests.harness.installation import Installation
from tests.tools.doctor.examination import DATABASES, PARKED
from tools.cli import app
from tools.up.folder import database_folder, keep_environment


class TestCommand:
    def run(self, data: Path, **environment: str) -> Result:
        cleared = dict.fromkeys(("CANBAO_DATABASE_URL", "CANBAO_BUS"))
        return CliRunner().invoke(app, ["doctor", "--json", "--data", str(data)], env=cleared | environment)

    async def test_it_finds_the_installation_that_up_left_and_names_no_secret(
        self, county: Installation, tmp_path: Path
    ) -> None:
        write_environment(county.settings, tmp_path)
        result = await asyncio.to_thread(self.run, tmp_path)
        answer = json.loads(result.stdout)
        assert (result.exit_code, answer["level"]) == (0, "warn"), result.output
        assert {each["subject"] for each in answer["findings"] if each["code"] == "MIGRATED"} == set(DATABASES)
        secrets = [each.get_secret_value() for each in county.settings.database_passwords.values()]
        assert not any(secret in result.output for secret in secrets)

    async def test_what_is_broken_is_the_exit_code(self, county: Installation, tmp_path: Path) -> None:
        write_environment(county.settings, tmp_path)
        await county.sql("quota", PARKED)
        assert (await asyncio.to_thread(self.run, tmp_path)).exit_code == 1

    async def test_where_nothing_was_set_up_that_is_what_is_said(self, tmp_path: Path) -> None:
        result = await asyncio.to_thread(self.run, tmp_path / "nowhere")
        codes = [each["code"] for each in json.loads(result.stdout)["findings"]]
        assert (result.exit_code, codes) == (1, ["NO_INSTALLATION", "PYTHON", "TIME_ZONE", "DISK"])

    async def test_a_stopped_installation_is_not_broken(self, county: Installation, tmp_path: Path) -> None:
        folder = database_folder(tmp_path)
        folder.cluster.mkdir(parents=True)
        elsewhere = f"postgresql://{{service}}_app:{{password}}@/{{database}}?host={folder.socket_dir}"
        write_environment(county.settings.model_copy(update={"database_url": elsewhere}), tmp_path)
        result = await asyncio.to_thread(self.run, tmp_path)
        answer = json.loads(result.stdout)
        codes = [each["code"] for each in answer["findings"]]
        assert (result.exit_code, answer["level"], codes[0]) == (0, "warn", "INSTALLATION_STOPPED"), result.output
        assert "DATABASE_UNREACHABLE" not in codes
        sourced = await asyncio.to_thread(
            self.run, tmp_path / "elsewhere", CANBAO_DATABASE_URL=elsewhere, CANBAO_BUS="postgres"
        )
        assert json.loads(sourced.stdout)["findings"][0]["code"] == "INSTALLATION_STOPPED", sourced.output

    async def test_settings_that_cannot_be_read_do_not_hide_the_machine(self, tmp_path: Path) -> None:
        result = await asyncio.to_thread(self.run, tmp_path, CANBAO_BUS="pigeon")
        codes = [each["code"] for each in json.loads(result.stdout)["findings"]]
        assert (result.exit_code, codes) == (1, ["SETTINGS_UNREADABLE", "PYTHON", "TIME_ZONE", "DISK"])


def write_environment(settings: Settings, folder: Path) -> None:
    """The settings as ``canbao up`` leaves them."""
    passwords = {role: secret.get_secret_value() for role, secret in settings.database_passwords.items()}
    keys = {name: secret.get_secret_value() for name, secret in settings.encryption_keys.items()}
    assert settings.person_token_key is not None
    values = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_PASSWORDS": json.dumps(passwords),
        "ENCRYPTION_KEYS": json.dumps(keys),
        "PERSON_TOKEN_KEY": settings.person_token_key.get_secret_value(),
        "TOKEN_PRIVATE_KEY_FILE": str(settings.token_private_key_file),
        "TOKEN_PUBLIC_KEY_FILE": str(settings.token_public_key_file),
    }
    (folder / "secrets").mkdir(exist_ok=True)
    keep_environment(folder, {f"CANBAO_{name}": value for name, value in values.items()})
