"""``docker-compose.yml`` and the Dockerfile, checked statically: no container engine is needed for it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.composition import SERVICES
from shared.settings import Settings
from tests.harness.compose import FILE, compose, environment_of, ours, secret_files
from tools.provisioning.secrets import lay_out

ROOT = FILE.parent
DESCRIBED = compose()
OURS = ours(DESCRIBED)
ALWAYS = {name: each for name, each in DESCRIBED["services"].items() if each.get("restart") != "no"}
# What a process may be handed. A line that is added here widens what a break-in into it gives away.
SECRETS = {
    "registration": {
        "registration_database_passwords", "person_token_key", "encryption_keys", "token_private_key",
        "token_public_key",
    },
    "subsidy": {"subsidy_database_passwords", "person_token_key", "encryption_keys", "token_public_key"},
    "payment": {
        "payment_database_passwords", "person_token_key", "wechat_merchants", "collecting_agents", "tax_token",
        "token_public_key",
    },
    "quota": {"quota_database_passwords", "token_public_key"},
    "console": {"console_client_secret", "token_public_key"},
    "provision": {"provision_database_passwords"},
    "migrate": {"owner_database_passwords"},
    "clients": {"registration_database_passwords", "console_client_secret"},
    "verify": {"auditor_database_passwords"},
    "tools": {
        "tools_database_passwords", "person_token_key", "encryption_keys", "token_private_key", "token_public_key",
        "wechat_merchants", "collecting_agents", "tax_token", "console_client_secret",
    },
    "demo": set(),
}  # fmt: skip


def tool(name: str, *arguments: str) -> None:
    outcome = subprocess.run(
        [str(Path(sys.executable).parent / name), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_the_compose_file_is_one() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE))


def test_the_dockerfile_has_nothing_to_complain_of() -> None:
    tool("hadolint", "deploy/Dockerfile")


def test_every_service_has_its_roles() -> None:
    wanted = {(service.name, "web") for service in SERVICES} | {
        (service.name, "work") for service in SERVICES if service.migrations is not None
    }
    serving = {tuple(each["command"][1:4:2]) for each in OURS.values() if each["command"][0] == "serve"}
    assert serving == wanted


def test_every_variable_is_a_setting() -> None:
    known = {f"CANBAO_{name.upper()}" for name in Settings.model_fields}
    for name, service in OURS.items():
        used = {variable for variable in service.get("environment", {}) if variable.startswith("CANBAO_")}
        assert used <= known, name
        files = {target for target in secret_files(DESCRIBED, service) if target.startswith("canbao_")}
        assert {target.upper() for target in files} <= known, name


def test_each_process_is_handed_its_own_secrets_and_no_other() -> None:
    for name, service in OURS.items():
        handed = {each["source"] for each in service.get("secrets", ())}
        assert handed == SECRETS[name.removesuffix("-web").removesuffix("-work")], name


def test_every_secret_is_made_by_one_command(tmp_path: Path) -> None:
    lay_out(tmp_path)
    for name, secret in compose(CANBAO_SECRETS_FOLDER=str(tmp_path))["secrets"].items():
        assert Path(secret["file"]).is_file(), name


def test_the_operators_password_file_opens_every_service_and_neither_owner_auditor_nor_server(tmp_path: Path) -> None:
    lay_out(tmp_path)
    described = compose(CANBAO_SECRETS_FOLDER=str(tmp_path))
    file = secret_files(described, described["services"]["tools"])["canbao_database_passwords"]
    opened = set(json.loads(file.read_text(encoding="utf-8")))
    assert opened == {service.name for service in SERVICES if service.migrations is not None}
    others = [name for name, each in OURS.items() if name != "tools" and "tools_database_passwords" in str(each)]
    assert others == [], "no process that serves holds it"


def test_the_operators_commands_have_every_setting_that_a_service_has() -> None:
    serving = [each for each in OURS.values() if each["command"][0] == "serve"]
    wanted = {variable for each in serving for variable in each["environment"]}
    assert set(DESCRIBED["services"]["tools"]["environment"]) >= wanted
    handed = {target for each in serving for target in secret_files(DESCRIBED, each)}
    assert set(secret_files(DESCRIBED, DESCRIBED["services"]["tools"])) == handed


def test_the_operators_commands_wait_for_nothing_and_name_who_typed_them() -> None:
    tools = DESCRIBED["services"]["tools"]
    assert "depends_on" not in tools, "doctor works where something is down"
    assert compose(USER="zhang")["services"]["tools"]["environment"]["LOGNAME"] == "zhang"


@pytest.mark.parametrize("name", sorted(DESCRIBED["services"]))
class TestEveryContainer:
    @pytest.fixture
    def service(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = DESCRIBED["services"][name]
        return found

    def test_it_runs_a_pinned_image(self, service: dict[str, Any]) -> None:
        assert re.search(r":\d+\.\d+", service["image"]), service["image"]

    def test_it_is_nobody_special(self, service: dict[str, Any]) -> None:
        assert service["user"].partition(":")[0] not in ("", "0", "root")
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert not service.get("privileged")

    def test_its_root_is_read_only(self, name: str, service: dict[str, Any]) -> None:
        assert service.get("read_only", False) is (name != "kafka"), "the broker's start script writes its settings"

    def test_it_is_bounded(self, service: dict[str, Any]) -> None:
        assert set(service["deploy"]["resources"]["limits"]) >= {"cpus", "memory"}

    def test_it_belongs_to_a_profile(self, service: dict[str, Any]) -> None:
        assert set(service["profiles"]) <= {"core", "tools", "demo"}

    def test_it_says_whether_it_is_well(self, name: str, service: dict[str, Any]) -> None:
        assert ("healthcheck" in service) is (name in ALWAYS)

    def test_it_waits_for_what_it_needs(self, service: dict[str, Any]) -> None:
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_healthy" if other in ALWAYS else "service_completed_successfully"
            assert how["condition"] == wanted, other


def test_work_waits_for_the_broker_and_web_does_not() -> None:
    for name, service in OURS.items():
        if service["command"][0] == "serve":
            assert ("kafka" in service["depends_on"]) is name.endswith("-work"), name


def test_only_the_gateway_is_reached_from_outside_and_only_payment_goes_out() -> None:
    published = {name for name, each in DESCRIBED["services"].items() if "ports" in each}
    outside = {name for name, each in DESCRIBED["services"].items() if "outside" in each.get("networks", ())}
    assert published == {"gateway"}
    assert outside == {"gateway", "payment-web", "payment-work"}
    assert DESCRIBED["networks"]["inside"]["internal"] is True


def test_the_gateway_knows_every_service() -> None:
    config = (ROOT / "deploy" / "gateway.conf").read_text(encoding="utf-8")
    found = re.search(r"\^/\(([a-z|]+)\)/", config)
    assert found is not None
    assert set(found[1].split("|")) == {service.name for service in SERVICES if service.mount is None}
    assert "console-web:8000" in config


def test_data_outlives_its_container_where_the_image_keeps_it() -> None:
    assert DESCRIBED["services"]["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert DESCRIBED["services"]["kafka"]["volumes"] == ["kafka:/var/lib/kafka/data"]
    assert environment_of(DESCRIBED["services"]["kafka"])["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_the_image_is_built_from_what_the_builder_is_sent() -> None:
    sent = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = set()
    for line in (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(line.split()[1:-1])
    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)
