"""`canbao clients add` lets a system call; a scope that no endpoint asks for or a region of others is refused."""

import asyncio

import pytest
from typer.testing import CliRunner

from services.registration.commands import save_client
from tests.harness.copied import copied
from tests.harness.installation import Installation
from tools import cli


@pytest.fixture
def installed(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation's settings in the environment, as an operator has them."""
    settings = installation.settings
    copied(settings)
    monkeypatch.setenv("CANBAO_DATABASE_URL", settings.database_url)
    passwords = {role: secret.get_secret_value() for role, secret in settings.database_passwords.items()}
    monkeypatch.setenv("CANBAO_DATABASE_PASSWORDS", str(passwords).replace("'", '"'))


def add(*options: str) -> tuple[int, str]:
    """Type the command; its exit code and all that it printed."""
    result = CliRunner().invoke(cli.app, ["clients", "add", "civil-affairs", *options], env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.usefixtures("installed")
def test_a_client_is_added_and_its_secret_printed_once() -> None:
    code, printed = add("--scope", "subsidy:write", "--scope", "subsidy:read", "--region", "411521")
    assert code == 0, printed
    assert len(printed.strip()) >= 43


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--scope", "subsidy:raed", "--region", "411521"), "subsidy:read"),
        (("--scope", "subsidy:read", "--region", "4115210"), "6、9 或 12 位"),
        (("--scope", "subsidy:read", "--region", "411522"), "not in 411521"),
    ],
    ids=["unknown scope", "malformed region", "region of others"],
)
def test_what_could_never_work_is_refused_and_the_remedy_named(options: tuple[str, ...], named: str) -> None:
    code, printed = add(*options)
    assert code == 2
    assert named in printed


@pytest.mark.usefixtures("installed")
def test_a_name_that_exists_keeps_its_secret_unless_it_is_to_be_rotated() -> None:
    options = ("--scope", "subsidy:read", "--region", "411521")
    assert add(*options)[0] == 0
    code, printed = add(*options)
    assert (code, "--rotate" in printed, "choose another name" in printed) == (2, True, True)
    assert add(*options, "--rotate")[0] == 0


@pytest.mark.usefixtures("installed")
def test_rotating_a_client_that_is_not_there_adds_it_so_that_a_command_may_be_typed_twice() -> None:
    options = ("--scope", "subsidy:read", "--region", "411521", "--rotate")
    first, second = add(*options), add(*options)
    assert (first[0], second[0]) == (0, 0)
    assert first[1] != second[1]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["bad name", "", "a\nb", "operator:x", "-x", "x" * 65])
def test_a_name_that_a_log_could_not_hold_is_refused(name: str) -> None:
    options = ["--scope", "subsidy:read", "--region", "411521"]
    result = CliRunner().invoke(cli.app, ["clients", "add", *options, "--", name], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "1 to 64 letters, digits" in result.output


@pytest.mark.usefixtures("installed")
async def test_a_client_that_has_such_a_name_already_gets_a_new_secret(installation: Installation) -> None:
    await save_client(installation.settings, "old name", "secret", ["subsidy:read"], "411521")
    typed = ["clients", "add", "old name", "--scope", "subsidy:read", "--region", "411521", "--rotate"]
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, typed)
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["民政局", "civil-affairs", "town.101_a"])
def test_a_name_of_letters_of_any_script_is_taken(name: str) -> None:
    options = ["--scope", "subsidy:read", "--region", "411521"]
    assert CliRunner().invoke(cli.app, ["clients", "add", name, *options]).exit_code == 0
