"""Every type of finding has a code of its own, speaks both languages and names the remedy of what is wrong."""

import re
from string import Formatter

import pytest
from rich.console import Console

from tools.doctor import (
    broker,
    clocks,
    configuration,
    connections,
    databases,
    examine,
    history,
    keys,
    machine,
    messages,
    server,
)
from tools.doctor.findings import Finding, FindingType
from tools.doctor.render import as_json, print_findings, worst

MODULES = (broker, clocks, configuration, connections, databases, examine, history, keys, machine, messages, server)
FINDING_TYPES = [value for module in MODULES for value in vars(module).values() if isinstance(value, FindingType)]


def places(text: str) -> set[str]:
    """What a sentence leaves to be filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_no_code_is_used_twice() -> None:
    codes = [finding_type.code for finding_type in FINDING_TYPES]
    assert len(codes) == len(set(codes)) > 40


@pytest.mark.parametrize("finding_type", FINDING_TYPES, ids=lambda finding_type: str(finding_type.code))
class TestEach:
    def test_it_says_the_same_in_both_languages(self, finding_type: FindingType) -> None:
        assert re.search(r"[一-鿿]", finding_type.zh) or finding_type.zh == finding_type.en
        different = {"without_zh": "without", "without_en": "without"}
        zh, en = ({different.get(name, name) for name in places(text)} for text in (finding_type.zh, finding_type.en))
        assert zh >= en

    def test_what_is_wrong_has_its_remedy(self, finding_type: FindingType) -> None:
        wrong = finding_type.level in ("warn", "broken")
        assert (bool(finding_type.remedy_zh), bool(finding_type.remedy_en)) == (wrong, wrong)


class TestTable:
    def test_what_is_wrong_comes_first_and_what_is_said_of_several_is_said_once(self) -> None:
        found = [machine.PYTHON.at(version="3.11"), *(server.NOT_DURABLE.at(x, settings="fsync") for x in ("a", "b"))]
        console = Console(width=120)
        with console.capture() as captured:
            print_findings(found, console)
        shown = captured.get()
        assert shown.index("NOT_DURABLE") < shown.index("PYTHON")
        assert "a, b" in shown
        assert shown.count("→ Switch on") == 1
        assert "broken: 2" in shown

    def test_the_gravest_level_is_the_whole_level(self) -> None:
        levels: list[Finding] = [machine.PYTHON.at(version="3.11")]
        assert worst(levels) == "ok"
        levels.append(messages.LANES_IDLE.at("payment", free=12, service="payment"))
        assert worst(levels) == "warn"
        assert '"level": "warn"' in as_json(levels)
