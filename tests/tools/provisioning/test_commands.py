"""``canbao keys make`` and ``canbao provision`` on the command line."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools.cli import app


def run(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, list(arguments))
    return outcome.exit_code, outcome.output


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestKeys:
    def test_made_again_they_stay_as_they_are_and_what_was_filled_in_too(self, tmp_path: Path) -> None:
        assert run("keys", "make", str(tmp_path))[0] == 0
        merchants = tmp_path / "payment" / "canbao_wechat_merchants"
        merchants.chmod(0o644)
        merchants.write_text('[{"mchid": "1"}]', encoding="utf-8")
        before = contents(tmp_path)
        assert run("keys", "make", str(tmp_path))[0] == 0
        assert contents(tmp_path) == before

    def test_the_folder_is_closed_and_its_files_can_be_handed_out(self, tmp_path: Path) -> None:
        run("keys", "make", str(tmp_path / "secrets"))
        assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "secrets" / "quota" / "token.pub.pem").stat().st_mode) == 0o444
        everything = tmp_path / "secrets" / "secrets" / "installation.json"
        assert stat.S_IMODE(everything.stat().st_mode) == 0o600

    def test_a_process_gets_one_password_of_its_own(self, tmp_path: Path) -> None:
        run("keys", "make", str(tmp_path))
        for service in ("registration", "subsidy", "payment", "quota"):
            handed = json.loads((tmp_path / service / "canbao_database_passwords").read_text(encoding="utf-8"))
            assert list(handed) == [service]
        assert not (tmp_path / "payment" / "canbao_encryption_keys").exists()
        assert {path.parent.name for path in tmp_path.rglob("token.pem")} == {"registration", "secrets"}

    def test_a_place_that_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        code, said = run("keys", "make", str(tmp_path / "file" / "folder"))
        assert code == 3
        assert "cannot be written" in said


def test_provisioning_without_passwords_names_what_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBAO_DATABASE_PASSWORDS", '{"payment": "p"}')
    code, said = run("provision")
    assert code == 3
    assert "registration, subsidy, quota, owner, auditor" in said
    assert "canbao keys make" in said
