"""The alerts: each relies on metrics that a running service exposes, speaks both languages and has a page to follow."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from services.payment.channels.callback import Refusal
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.ports import free_port
from tests.harness.serving import serving

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
# Said by Prometheus itself about each target.
_ITS_OWN = {"up"}
_FUNCTIONS_AND_WORDS = {"by", "histogram_quantile", "max", "rate", "sum", "time", "unless"}


def metrics_in(expression: str) -> set[str]:
    """The metrics that an expression names: words that are no function, no label and no duration."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|by \([^)]*\)", " ", expression)
    return set(re.findall(r"[a-z_]+", bare)) - _FUNCTIONS_AND_WORDS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
class TestEachAlert:
    def test_it_speaks_both_languages(self, rule: dict[str, Any]) -> None:
        said = rule["annotations"]
        assert re.search(r"[一-鿿]", said["summary_zh"])
        assert re.search(r"[A-Za-z]{3}", said["summary_en"])
        assert rule["labels"]["severity"] in ("critical", "warning")

    def test_it_has_a_page_that_says_what_to_look_at_and_what_to_do(self, rule: dict[str, Any]) -> None:
        page = (ROOT / rule["annotations"]["runbook"]).read_text(encoding="utf-8")
        assert page.startswith(f"# {rule['alert']}\n")
        assert page.count("\n## ") == 2


def test_every_refusal_of_a_callback_alarms_but_the_channels_own_probe() -> None:
    """W2: no alert looked at refused callbacks; a probe (WECHATPAY/SIGNTEST/) has to be refused and alarms nobody."""
    expressions = {str(rule["alert"]): str(rule["expr"]) for rule in RULES}
    passed_over = re.search(r'outcome!~"([^"]+)"', expressions["CallbacksRefused"])
    assert passed_over is not None
    quiet = {outcome.value for outcome in Refusal if re.fullmatch(passed_over[1], outcome.value)}
    assert quiet == {Refusal.PROBE.value}
    assert "unstorable" not in passed_over[1]
    keys = re.search(r'outcome=~"([^"]+)"', expressions["NoCallbackAccepted"])
    assert keys is not None
    assert set(keys[1].split("|")) == {Refusal.SERIAL, Refusal.SIGNATURE, Refusal.CIPHERTEXT}


def test_no_page_is_left_without_its_alert() -> None:
    pages = {path.name for path in (ROOT / "docs" / "runbooks").iterdir()}
    assert pages == {Path(rule["annotations"]["runbook"]).name for rule in RULES}


def test_the_scrape_example_reads_the_rules_and_names_the_job() -> None:
    example = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    assert example["rule_files"] == ["alerts.yml"]
    assert [job["job_name"] for job in example["scrape_configs"]] == ["canbao"]


async def test_alerts_and_pages_name_only_what_a_running_service_measures(installation: Installation) -> None:
    port = free_port()
    async with serving(installation.with_settings(metrics_port=port)):

        async def exposed() -> dict[str, set[str]] | None:
            async with httpx.AsyncClient(trust_env=False) as http:
                answer = await http.get(f"http://127.0.0.1:{port}/metrics")
            families = list(text_string_to_metric_families(answer.text))
            read = [sample for each in families for sample in each.samples if sample.name.endswith("lag_records")]
            parts = {family.name: {sample.name for sample in family.samples} for family in families}
            # Six flows between services, once every bus is connected.
            return parts if len(read) >= 6 else None

        families = await eventually(exposed, within_s=60, every_s=0.5, message="every gauge was read")
    assert families is not None
    samples = set().union(*families.values())
    for rule in RULES:
        assert metrics_in(rule["expr"]) <= samples | _ITS_OWN, rule["alert"]
    for page in (ROOT / "docs" / "runbooks").iterdir():
        named = set(re.findall(r"canbao_[a-z_]+", page.read_text(encoding="utf-8")))
        assert named <= samples | families.keys(), page.name
    assert {
        "canbao_callback_seconds_count",
        "canbao_intake_group_size_count",
        "canbao_loop_lag_seconds_count",
    } <= samples
