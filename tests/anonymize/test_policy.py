from __future__ import annotations

from pathlib import Path

import pytest

from logdojo.anonymize import load_policy
from logdojo.anonymize.policy import words_of
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
        ("userType", "keep"),
        ("zip", ""),
        ("description", ""),
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
        "operators: {phone: pseudonymize}",
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
