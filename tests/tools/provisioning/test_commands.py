"""``canbao keys make`` and ``canbao provision`` on the command line."""

import fcntl
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.harness.eventually import eventually
from tests.harness.timeouts import stretched
from tools.cli import app

ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, list(arguments))
    return outcome.exit_code, outcome.output


def keys_make(folder: Path) -> subprocess.Popen[str]:
    """``canbao keys make`` as a process of its own."""
    program = [sys.executable, "-c", "from tools.cli import main; main()", "keys", "make", str(folder)]
    return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


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
        assert {path.parent.name for path in tmp_path.rglob("token.pem")} == {"registration"}

    def test_a_place_that_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        code, said = run("keys", "make", str(tmp_path / "file" / "folder"))
        assert code == 3
        assert "cannot be written" in said
        assert str(tmp_path / "file" / "folder") in said
        assert "--data" not in said, "an option of another command"

    def test_made_several_times_at_once_they_are_made_once(self, tmp_path: Path) -> None:
        started = [keys_make(tmp_path / "keys") for _ in range(4)]
        said = [each.communicate(timeout=stretched(120))[0] for each in started]
        assert [each.returncode for each in started] == [0] * 4, said
        made = contents(tmp_path / "keys")
        assert not [name for name in made if "draft" in name]
        assert run("keys", "make", str(tmp_path / "keys"))[0] == 0
        assert contents(tmp_path / "keys") == made

    async def test_while_one_is_at_it_the_next_one_waits(self, tmp_path: Path) -> None:
        descriptor = os.open(tmp_path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            second = keys_make(tmp_path)
            waiting = re.compile(rf"-> FLOCK .*:{os.fstat(descriptor).st_ino} ")
            await eventually(lambda: waiting.search(Path("/proc/locks").read_text(encoding="ascii")), within_s=30)
            assert not (tmp_path / "secrets" / "installation.json").exists()
        finally:
            os.close(descriptor)
        said, _ = second.communicate(timeout=stretched(120))
        assert second.returncode == 0, said


def test_provisioning_without_passwords_names_what_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBAO_DATABASE_PASSWORDS", '{"payment": "p"}')
    code, said = run("provision")
    assert code == 3
    assert "registration, subsidy, quota, owner, auditor" in said
    assert "canbao keys make" in said


class TestWhatDiffers:
    """First use O1: keys made again overwrote an edited file, and a key in use was gone."""

    def test_an_edited_file_is_refused_by_name_and_nothing_is_changed(self, tmp_path: Path) -> None:
        run("keys", "make", str(tmp_path))
        for path in sorted(tmp_path.glob("*/*")):
            if path.parent.name == "secrets" or (path.parent == tmp_path / "payment" and "password" not in path.name):
                continue
            original = path.read_text(encoding="utf-8")
            path.chmod(0o644)
            path.write_text(original + " ", encoding="utf-8")
            before = contents(tmp_path)
            code, said = run("keys", "make", str(tmp_path))
            assert (code, contents(tmp_path)) == (3, before)
            assert f"{path.parent.name}/{path.name}" in said
            path.write_text(original, encoding="utf-8")
        assert run("keys", "make", str(tmp_path))[0] == 0

    @pytest.mark.parametrize("name", ["installation.json", "clients.json"])
    def test_processes_files_without_what_they_were_made_from_are_refused(self, tmp_path: Path, name: str) -> None:
        run("keys", "make", str(tmp_path))
        (tmp_path / "secrets" / name).unlink()
        before = contents(tmp_path)
        code, said = run("keys", "make", str(tmp_path))
        assert (code, contents(tmp_path)) == (3, before)
        assert name in said

    def test_a_missing_file_of_a_process_is_made_again_from_the_same_secrets(self, tmp_path: Path) -> None:
        run("keys", "make", str(tmp_path))
        before = contents(tmp_path)
        (tmp_path / "subsidy" / "canbao_encryption_keys").unlink()
        assert run("keys", "make", str(tmp_path))[0] == 0
        assert contents(tmp_path) == before


class TestRotation:
    def test_an_encryption_key_is_added_and_the_old_one_still_opens_what_it_sealed(self, tmp_path: Path) -> None:
        run("keys", "make", str(tmp_path))
        files = [tmp_path / process / "canbao_encryption_keys" for process in ("registration", "subsidy")]
        old = json.loads(files[0].read_text(encoding="utf-8"))
        code, said = run("keys", "rotate", "encryption", str(tmp_path))
        assert code == 0, said
        assert "registration, subsidy" in said
        for file in files:
            keys = json.loads(file.read_text(encoding="utf-8"))
            assert (list(keys), keys["k1"]) == (["k1", "k2"], old["k1"])

    @pytest.mark.parametrize(
        ("what", "changed"),
        [
            ("token", {"token.pem", "token.pub.pem"}),
            ("passwords", {"canbao_database_passwords"}),
            ("client", {"canbao_console_client_secret"}),
            ("encryption", {"canbao_encryption_keys"}),
        ],
    )
    def test_one_kind_is_replaced_and_every_other_stays(self, tmp_path: Path, what: str, changed: set[str]) -> None:
        run("keys", "make", str(tmp_path))
        before = contents(tmp_path)
        assert run("keys", "rotate", what, str(tmp_path))[0] == 0
        after = contents(tmp_path)
        assert {Path(name).name for name in before if before[name] != after[name] and "secrets/" not in name} == changed
        assert run("keys", "make", str(tmp_path))[0] == 0
        assert contents(tmp_path) == after

    def test_what_a_rotation_cut_short_left_behind_is_finished_by_make(self, tmp_path: Path) -> None:
        run("keys", "make", str(tmp_path))
        stale = (tmp_path / "subsidy" / "canbao_encryption_keys").read_text(encoding="utf-8")
        run("keys", "rotate", "encryption", str(tmp_path))
        fresh = contents(tmp_path)
        (tmp_path / "subsidy" / "canbao_encryption_keys").unlink()
        (tmp_path / "subsidy" / "canbao_encryption_keys").write_text(stale, encoding="utf-8")
        assert run("keys", "make", str(tmp_path))[0] == 0
        assert contents(tmp_path) == fresh

    def test_an_encryption_key_is_added_beside_keys_of_other_names(self, tmp_path: Path) -> None:
        run("keys", "make", str(tmp_path))
        everything = tmp_path / "secrets" / "installation.json"
        known = json.loads(everything.read_text(encoding="utf-8"))
        known["encryption_keys"] = {"season-2025": known["encryption_keys"]["k1"]}
        everything.write_text(json.dumps(known), encoding="utf-8")
        for process in ("registration", "subsidy"):
            (tmp_path / process / "canbao_encryption_keys").unlink()
        code, said = run("keys", "rotate", "encryption", str(tmp_path))
        assert code == 0, said
        keys = json.loads((tmp_path / "subsidy" / "canbao_encryption_keys").read_text(encoding="utf-8"))
        assert list(keys) == ["season-2025", "k1"]
        assert keys["season-2025"] == known["encryption_keys"]["season-2025"]

    def test_where_nothing_was_made_there_is_nothing_to_rotate(self, tmp_path: Path) -> None:
        code, said = run("keys", "rotate", "token", str(tmp_path))
        assert code == 3
        assert "canbao keys make" in said

    def test_a_kind_that_does_not_exist_is_refused(self, tmp_path: Path) -> None:
        assert run("keys", "rotate", "everything", str(tmp_path))[0] == 2
