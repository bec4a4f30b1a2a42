from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from logdojo.anonymize import Anonymizer, load_policy
from logdojo.anonymize.policy import rules, words_of
from logdojo.errors import InputError, UsageError

POLICY = load_policy()


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("source.ip", "ip"),
        ("destination.ip", "ip"),
        ("sourceIPAddress", "ip"),
        ("source_ip_address", "ip"),
        ("client_ip", "ip"),
        ("X-Forwarded-For", "ip"),
        ("RemoteAddressIP4", "ip"),
        ("vendorSpecificIp", "ip"),
        ("user.name", "user"),
        ("userName", "user"),
        ("USER_NAME", "user"),
        ("actor", "user"),
        ("principalId", "principal"),
        ("accountId", "account"),
        ("recipientAccountId", "account"),
        ("cloud.account.id", "account"),
        ("aws.cloudtrail.user_identity.arn", "arn"),
        ("roleArn", "arn"),
        ("accessKeyId", "access_key"),
        ("email", "email"),
        ("actorEmail", "email"),
        ("host.name", "host"),
        ("hostname", "host"),
        ("srcHostName", "host"),
        ("MAC", "mac"),
        ("password", "secret"),
        ("newPassword", "secret"),
        ("access_token", "token"),
        ("Set-Cookie", "token"),
        ("eventTime", "keep"),
        ("tlsVersion", "keep"),
        ("userType", "text"),
        ("zip", ""),
        ("description", "text"),
        ("command_line", "text"),
        ("requestedBy", "user"),
        ("ticket.lastModifiedBy", "user"),
        ("targetUserDisplayName", "person"),
        ("activityDisplayName", "text"),
        ("vendorTenantId", "account"),
        ("srcmac", "mac"),
        ("postalCode", "location"),
        ("devname", "host"),
        ("user.target.name", "user"),
        ("user.effective.name", "user"),
        ("file.name", ""),
    ],
)
def test_names_have_classes(name: str, class_name: str):
    """ECS names, CloudTrail's and general vendors' spellings are known; others are free text."""
    assert POLICY.class_of(name) == class_name


def test_the_parent_counts():
    """``name`` alone says nothing; under ``user`` it does, nested or dotted."""
    assert POLICY.class_of("name") == ""
    assert POLICY.class_of("name", "user") == POLICY.class_of("user.name") == "user"


@pytest.mark.parametrize(
    ("name", "parent", "class_name"),
    [
        ("displayName", "actor", "person"),
        ("login", "requesters", "user"),
        ("id", "assignee", "user_id"),
        ("name", "device", "host"),
        ("name", "group", "group"),
        ("uuid", "organization", "account"),
        ("name", "file", ""),
        ("id", "invoice", ""),
    ],
)
def test_kinds_of_parents(name: str, parent: str, class_name: str):
    """Under a parent that is somebody or some machine, a name or an id means one; under others it means nothing."""
    assert POLICY.class_of(name, parent) == class_name


def test_vendors_say_only_what_the_general_rules_do_not():
    """No vendor repeats a name of the general rules, and no two vendors name the same one."""
    folder = Path(rules.__file__).parent
    general = yaml.safe_load((folder / "general.yaml").read_text("utf-8"))
    known = {"".join(words_of(key)) for keys in general["keys"].values() for key in keys}
    for file in sorted((folder / "vendors").glob("*.yaml")):
        vendor = yaml.safe_load(file.read_text("utf-8"))
        assert set(vendor) == {"keys"}, file.name
        mine = ["".join(words_of(key)) for keys in vendor["keys"].values() for key in keys]
        assert len(mine) == len(set(mine)), file.name
        assert not known & set(mine), f"{file.name}: {known & set(mine)}"
        known |= set(mine)


def test_a_file_of_ones_own_extends_the_rules(tmp_path: Path):
    """It says only what is different: new names, another meaning or operator; everything else stays."""
    file = tmp_path / "mine.yaml"
    file.write_text(
        "operators: {ip: generalize, ship: mask}\n"
        "keys: {user: [Bearbeiter], ship: [vessel], keep: [host.name]}\n"
        "endings: {ship: [boat name]}\n"
        "parents: [{of: [crew], holds: {person: [who]}}]\n"
        "kept_users: [robot]\n",
        "utf-8",
    )
    policy = load_policy(file)
    assert policy.operator("ip") == "generalize"
    assert policy.class_of("bearbeiter") == "user"
    assert policy.class_of("vessel") == policy.class_of("redBoatName") == "ship"
    assert policy.class_of("who", "crew") == "person"
    assert policy.class_of("host.name") == "keep"
    assert policy.class_of("userName") == "user"
    line = '{"userName":"robot","Bearbeiter":"zaphod","vessel":"gold","clientIp":"192.0.2.7"}'
    out = json.loads(Anonymizer(bytes(16), policy=policy).line(line))
    assert (out["userName"], out["vessel"], out["clientIp"]) == ("robot", "[ship]", "192.0.2.0/24")
    assert "zaphod" not in out["Bearbeiter"]


def test_words_are_split_at_case_and_separators():
    """``sourceIPAddress`` and ``source_ip-address`` are the same words."""
    assert words_of("sourceIPAddress") == words_of("source_ip-address") == ("source", "ip", "address")


def test_secrets_are_masked_by_default():
    """A secret gets no pseudonym: nobody needs to follow one through a log."""
    assert POLICY.operator("secret") == POLICY.operator("token") == "mask"


def test_an_unknown_class_names_the_known_ones():
    """The hint lists what may be used."""
    with pytest.raises(UsageError) as caught:
        POLICY.operator("shoe_size")
    assert "shoe_size" in str(caught.value)
    assert "email" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "just words",
        "operators: {ip: burn}",
        "[1, 2",
        "!!python/object/apply:os.system ['true']",
        "operators: {location: pseudonymize}",
        "keys: {ship: [vessel]}",
        "owners: [me]",
    ],
)
def test_a_bad_policy_file_is_refused(tmp_path: Path, text: str):
    """Whatever is wrong with the file, the message names it and nothing is executed."""
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml"):
        load_policy(file)


def test_a_missing_policy_file_is_named(tmp_path: Path):
    """The message says which file."""
    with pytest.raises(InputError, match=r"nowhere\.yaml"):
        load_policy(tmp_path / "nowhere.yaml")
