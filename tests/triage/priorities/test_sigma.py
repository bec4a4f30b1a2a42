"""Sigma rules: ours fire on their events and not on near misses; broken ones are named; none can do harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from logdojo.errors import InputError
from logdojo.events import LogEvent
from logdojo.triage.priorities.detections import Sigma
from logdojo.triage.priorities.sigma_rules import Rule, own_rules, rule_of, rules_in

pytest.importorskip("sigma", reason="pySigma is not installed")
TRAIL = {"event.dataset": "aws.cloudtrail", "event.provider": "cloudtrail.amazonaws.com"}
POLICY = "aws.cloudtrail.request_parameters.policyArn"
PROCESS = {"event.dataset": "windows", "event.action": "created-process"}
CASES = {
    "aws_trail_stopped.yml": (
        LogEvent("", {**TRAIL, "event.action": "StopLogging"}),
        LogEvent("", {**TRAIL, "event.action": "StopLogging", "error.code": "AccessDenied"}),
    ),
    "aws_administrator_policy_attached.yml": (
        LogEvent("", {**TRAIL, "event.action": "AttachUserPolicy", POLICY: "arn:aws:policy/AdministratorAccess"}),
        LogEvent("", {**TRAIL, "event.action": "AttachUserPolicy", POLICY: "arn:aws:policy/ReadOnlyAccess"}),
    ),
    "okta_second_factor_removed.yml": (
        LogEvent("", {"event.dataset": "okta.system", "event.action": "user.mfa.factor.deactivate"}),
        LogEvent("", {"event.dataset": "okta.system", "event.action": "user.mfa.factor.activate"}),
    ),
    "windows_security_log_cleared.yml": (
        LogEvent("", {"event.dataset": "windows", "event.code": "1102"}),
        LogEvent("", {"event.dataset": "windows", "event.code": "1101"}),
    ),
    "windows_remote_execution_tool.yml": (
        LogEvent(
            "",
            {**PROCESS, "process.executable": r"C:\T\PsExec.exe", "process.command_line": r"PsExec.exe \\app-3 cmd"},
        ),
        LogEvent("", {**PROCESS, "process.executable": r"C:\T\PsExec.exe", "process.command_line": "PsExec.exe cmd"}),
    ),
    "linux_secrets_gathered.yml": (
        LogEvent("sudo: ida : COMMAND=/usr/bin/find / -name id_rsa", {"event.dataset": "sudo"}),
        LogEvent("sudo: ida : COMMAND=/usr/bin/find / -name notes", {"event.dataset": "sudo"}),
    ),
    "cisco_recording_off.yml": (
        LogEvent("%ASA-5-111008: User 'ida' executed the 'no logging enable' command.", {"event.dataset": "cisco.asa"}),
        LogEvent("%ASA-5-111008: User 'ida' executed the 'logging enable' command.", {"event.dataset": "cisco.asa"}),
    ),
    "web_traversal_answered.yml": (
        LogEvent("", {"event.dataset": "web.access", "url.original": "/a?p=../../etc/passwd",
                      "http.response.status_code": 200}),
        LogEvent("", {"event.dataset": "web.access", "url.original": "/a?p=../../etc/passwd",
                      "http.response.status_code": 404}),
    ),
}  # fmt: skip
RULE = (
    "title: t\nlogsource: {product: okta, service: okta}\nlevel: high\ndetection: {a: {eventType: x}, condition: a}\n"
)


@pytest.fixture(scope="module")
def ours() -> tuple[Rule, ...]:
    return own_rules()


def test_each_of_our_rules_has_an_event_and_a_near_miss(ours: tuple[Rule, ...]):
    """No rule is shipped without a pair that shows what it does."""
    assert {rule.file for rule in ours} == set(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
def test_our_rules_fire_on_their_event_and_not_on_its_near_miss(ours: tuple[Rule, ...], name: str):
    """The event fires exactly its own rule, the near miss none."""
    hits = Sigma(ours).hits(list(CASES[name]))
    assert [[hit.rule.file for hit in each] for each in hits] == [[name], []]


def test_a_hit_is_evidence_with_level_title_and_author(ours: tuple[Rule, ...]):
    """What a hit says names the rule, who wrote it, how severe it is, and its file; a higher level weighs more."""
    (high,), (medium,) = Sigma(ours).hits(
        [CASES["windows_security_log_cleared.yml"][0], CASES["okta_second_factor_removed.yml"][0]]
    )
    assert high.evidence().weight > medium.evidence().weight
    assert "“Security log cleared” by logdojo (high, windows_security_log_cleared.yml)" in high.evidence().sentence


def test_a_rule_for_another_source_does_not_fire_by_its_words(ours: tuple[Rule, ...]):
    """Words of a Cisco rule in a web server's line do not fire it."""
    (hits,) = Sigma(ours).hits([LogEvent("GET /?q=no logging enable", {"event.dataset": "web.access"})])
    assert hits == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: [", "line"),
        ("just words", "no detection rule"),
        ("title: t\ndetection: {condition: a}", "SigmaLogsourceError"),
        (RULE.replace("condition: a", "condition: b"), "SigmaConditionError"),
        (RULE.replace("eventType", "unheardOf"), "field unheardOf"),
        (RULE.replace("product: okta, service: okta", "product: toaster"), "no log source"),
        (RULE.replace("eventType: x", "eventType|re: '('"), "Sigma"),
        ("#" * 300_000, "300,000 bytes"),
    ],
)
def test_a_rule_that_cannot_be_used_is_named(tmp_path: Path, text: str, told: str):
    """The message names the file and says what is wrong with it."""
    path = tmp_path / "odd.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"odd\.yml") as caught:
        rule_of(path)
    assert told in str(caught.value)


def test_a_folder_gives_its_usable_rules_and_names_the_others(tmp_path: Path):
    """One good and one broken rule: one is used, one is named; a folder without any good one is an error."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "good.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "bad.yml").write_text("title: [", encoding="utf-8")
    rules, problems = rules_in(tmp_path)
    assert [rule.file for rule in rules] == ["good.yml"]
    assert len(problems) == 1
    assert "bad.yml" in problems[0]
    (tmp_path / "deep" / "good.yml").unlink()
    with pytest.raises(InputError, match="none of 1 rules"):
        rules_in(tmp_path)


def test_a_rule_cannot_reach_beyond_its_condition(tmp_path: Path):
    """Quotes and comments in values stay values; a condition that calls other functions is given up and named."""
    path = tmp_path / "quotes.yml"
    path.write_text(RULE.replace("eventType: x", 'eventType: "x\'); DROP TABLE events; --"'), encoding="utf-8")
    event = LogEvent("", {"event.dataset": "okta.system", "event.action": "x'); DROP TABLE events; --"})
    rule = rule_of(path)
    evil = Rule("evil.yml", "t", "a", "high", frozenset({"okta.system"}), frozenset(), "load_extension('x') = 1")
    other = Rule(
        "other.yml", "t", "a", "high", frozenset({"okta.system"}), frozenset(), "1 IN (SELECT 1 FROM sqlite_master)"
    )
    sigma = Sigma([evil, other, rule])
    assert [[hit.rule.file for hit in each] for each in sigma.hits([event])] == [["quotes.yml"]]
    assert [problem.partition(":")[0] for problem in sigma.problems] == ["evil.yml", "other.yml"]


def test_a_rule_that_takes_too_long_is_given_up_and_named():
    """A costly rule ends after its share of steps; the others go on."""
    slow = "1 = (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c)"
    events = [LogEvent("a", {"event.dataset": "okta.system", "event.action": "x"})]
    endless = Rule("slow.yml", "t", "a", "high", frozenset({"okta.system"}), frozenset(), slow)
    fine = Rule(
        "fine.yml", "t", "a", "high", frozenset({"okta.system"}), frozenset({"event.action"}), "`event.action`='x'"
    )
    sigma = Sigma([endless, fine])
    assert [[hit.rule.file for hit in each] for each in sigma.hits(events)] == [["fine.yml"]]
    assert sigma.problems[0].startswith("slow.yml: given up")


def test_expressions_of_rules_run_in_linear_time(tmp_path: Path):
    """An expression that would take a backtracking engine for ever ends at once, and says no."""
    path = tmp_path / "nested.yml"
    path.write_text(RULE.replace("eventType: x", "eventType|re: '^(a+)+$'"), encoding="utf-8")
    event = LogEvent("", {"event.dataset": "okta.system", "event.action": "a" * 10_000 + "!"})
    assert Sigma([rule_of(path)]).hits([event]) == [[]]
