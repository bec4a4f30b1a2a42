"""Readers of notations: where values stand, what they say, and that nothing else of a line changes."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logdojo.anonymize import Anonymizer, Pseudonyms
from logdojo.anonymize.reading import cef, leef, logfmt, positional, reader_of, structured, xmltext
from logdojo.anonymize.reading.table import decoded, escaped

KEY = b"a key of the tests, 32 bytes long"
ANONYMIZER = Anonymizer(KEY)
NAMES = Pseudonyms(KEY)
BOB = NAMES.user("bob smith")


def _named(reader: ModuleType, text: str) -> dict[str, str]:
    return {value.key: reader.decoded(text[value.start : value.stop])[0] for value in reader.values(text)}


CEF = r"Jan 18 11:07:53 fw CEF:0|Check Point|VPN\|FW|1.0|100|worm \\ stopped|10|suser=Ann Lee cs1Label=Owner "
CEF += r"cs1=bob smith msg=a\=b \\ c request=http://x/?q=1 cn1=5  dvchost=W1 "


def test_cef():
    """Header fields have the standard's names, labels name the custom fields, values with blanks are whole."""
    assert _named(cef, CEF) == {
        "deviceVendor": "Check Point",
        "deviceProduct": "VPN|FW",
        "deviceVersion": "1.0",
        "deviceEventClassId": "100",
        "eventDescription": r"worm \ stopped",
        "severity": "10",
        "suser": "Ann Lee",
        "cs1Label": "Owner",
        "Owner": "bob smith",
        "msg": r"a=b \ c",
        "request": "http://x/?q=1",
        "cn1": "5",
        "dvchost": "W1",
    }


def test_a_cef_line_loses_whole_values_and_nothing_else():
    """A name of two words goes as one; escapes are undone before a name is looked up, and made again."""
    line = r"CEF:0|V|P\|1|1.0|7|sign in|3|suser=bob smith duser=CORP\\zed1 cs2Label=User cs2=bob smith msg=x\=y for us"
    domain, zed = NAMES.user("CORP\\zed1").split("\\")
    assert ANONYMIZER.line(line) == (
        rf"CEF:0|V|P\|1|1.0|7|sign in|3|suser={BOB} duser={domain}\\{zed} cs2Label=User cs2={BOB} msg=x\=y for us"
    )


@pytest.mark.parametrize(
    ("head", "between"),
    [
        ("LEEF:1.0|V|P|1.0|Login|", "\t"),
        ("LEEF:1.0|V|P|1.0|Login|", "#011"),
        ("LEEF:1.0|V|P|1.0|Login|", " "),
        ("LEEF:2.0|V|P|1.0|Login|^|", "^"),
        ("LEEF:2.0|V|P|1.0|Login|x5E|", "^"),
        ("LEEF:2.0|V|P|1.0|Login|0x7c|", "|"),
        ("LEEF:2.0|V|P|1.0|Login||", "\t"),
        ("LEEF:2.0|V|P|1.0|Login|", "\t"),
        ("<13>Jan 18 11:07:53 10.0.0.1 LEEF:2.0|V|P|1.0|Login|\t|", "\t"),
    ],
)
def test_leef(head: str, between: str):
    """Both versions, whatever stands between the attributes; a value may hold blanks."""
    line = head + between.join(["src=10.0.0.9", "userName=bob smith", "cat=Sign in", "dst="])
    found = _named(leef, line)
    assert [found[key] for key in ("deviceProduct", "src", "userName", "cat")] == [
        "P",
        "10.0.0.9",
        "bob smith",
        "Sign in",
    ]
    assert f"userName={BOB}{between}cat=Sign in{between}dst=" in ANONYMIZER.line(line)


XML = (
    "<Event xmlns='http://x/e'><System><Provider Name='Security' Guid='{5}'/><EventID Qualifiers=\"0\">4625</EventID>"
    "<Computer>DC01</Computer></System><!-- <a>x</a> -->"
    "<EventData>\r\n<Data Name='TargetUserName'> b&#246;b &amp; co</Data>"
    "<Data Name='Empty'></Data><e:Note><![CDATA[a < b]]></e:Note><Data>one</Data></EventData><Cut Name='x"
)


def test_xml():
    """Texts are named by ``Name`` or their tag, attributes by themselves; entities are undone, comments skipped."""
    assert _named(xmltext, XML) == {
        "xmlns": "http://x/e",
        "Guid": "{5}",
        "Qualifiers": "0",
        "EventID": "4625",
        "Computer": "DC01",
        "TargetUserName": "böb & co",
        "Note": "a < b",
        "Data": "one",
    }
    assert {value.key: value.parent for value in xmltext.values(XML)}["Computer"] == "System"


def test_xml_entities_are_not_expanded():
    """An entity that a document declares stays as it stands: nothing is fetched, nothing grows."""
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;">]><a><user>&c;&#0;&#xD800;&#x110000;</user></a>'
    assert _named(xmltext, bomb)["user"] == "&c;&#0;&#xD800;&#x110000;"


def test_a_windows_event_keeps_all_but_its_names():
    """The values of the event go by the names in ``Name``; tags, codes and times are copied."""
    line = (
        "<Event><System><EventID>4625</EventID><TimeCreated SystemTime='2023-01-01T10:00:00.1Z'/></System><EventData>"
        "<Data Name='TargetUserName'>bob&#32;smith</Data><Data Name='LogonType'>3</Data></EventData></Event>"
    )
    assert ANONYMIZER.line(line) == line.replace("bob&#32;smith", BOB)


SD = r'<165>1 2003-10-11T22:14:15.003Z - app - ID47 [one@32473 iut="3" user.name="a \"b\" \\ \]"][two][x y="z"] '
SD += 'hi [q w="e"]'


def test_structured_data():
    """Parameters of every element behind the header, unescaped; what looks alike in the message is none."""
    assert _named(structured, SD) == {"iut": "3", "user.name": r'a "b" \ ]', "y": "z"}
    assert [value.parent for value in structured.values(SD)] == ["one", "one", "x"]
    name = structured.escaped(NAMES.user(r'a "b" \ ]'))
    assert ANONYMIZER.line(SD) == SD.replace(r"a \"b\" \\ \]", name)


def test_logfmt():
    """Bare values go on to the next blank, quoted ones to their quote; a comma between pairs belongs to none."""
    line = r'x: time=2026-01-01 user=Lee,Ann, DF msg="it said \"no\" twice" empty= host="FW 1" q=a=b'
    assert _named(logfmt, line) == {
        "time": "2026-01-01",
        "user": "Lee,Ann",
        "msg": 'it said "no" twice',
        "host": "FW 1",
    } | {key: value for key, value in _named(logfmt, line).items() if key == "q"}
    assert ANONYMIZER.line(line) == line.replace("Lee,Ann", NAMES.user("Lee,Ann")).replace("FW 1", NAMES.host("FW 1"))


def test_prose_with_a_few_pairs_is_no_logfmt():
    """Where words stand between the pairs, a comma ends a value, as a reader would say."""
    line = 'the user=ann, who wrote a="b" in a long letter to the people of c=d, has gone away and was not seen again'
    assert _named(logfmt, line) == {}


PANOS = (
    "Oct 10 12:34:56 fw 1,2025/10/10 12:34:56,0012345,TRAFFIC,end,2305,2025/10/10 12:34:55,10.0.0.5,192.0.2.7,0.0.0.0,"
    '0.0.0.0,"allow, all",corp\\ann,bob smith,web-browsing,vsys1,trust'
)


def test_columns_known_by_their_place():
    """PAN-OS by the parser's tables, with and without the first column; VPC flow logs in their default order."""
    assert _named(positional, PANOS)["destination.user.name"] == "bob smith"
    assert _named(positional, PANOS)["rule.name"] == "allow, all"
    assert _named(positional, PANOS.replace(" 1,2025", " 2025")) == _named(positional, PANOS)
    flow = "2 123456789010 eni-1235b8ca 192.0.2.7 10.0.0.5 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
    assert _named(positional, flow)["accountId"] == "123456789010"
    assert ANONYMIZER.line(flow).endswith(" 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK")


@pytest.mark.parametrize(
    ("reader", "line"),
    [
        (cef, CEF),
        (leef, "LEEF:1.0|V|P|1|e|user=b"),
        (xmltext, XML),
        (structured, SD),
        (logfmt, 'a="b" c=d e=f'),
        (positional, PANOS),
        (None, "Dec 10 06:55:48 LabSZ sshd[24200]: Failed password for invalid user zaphod from 173.234.31.186"),
        (None, "if a < b and c > d then"),
    ],
)
def test_each_notation_has_one_reader(reader: ModuleType | None, line: str):
    """The signs of one are not those of another, and most lines have none."""
    assert reader_of(line) is reader


_text = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30)
_said = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)


@given(_said)
def test_what_is_escaped_is_decoded_again(said: str):
    """Each reader undoes what it does; every character has a place in the raw text, in order, and so has the end."""
    for reader_decoded, reader_escaped in (
        (cef.decoded, cef.escaped),
        (xmltext.decoded, xmltext.escaped),
        (structured.decoded, structured.escaped),
        (logfmt.decoded, logfmt.escaped),
        (decoded, escaped),
    ):
        raw = reader_escaped(said)
        text, offsets = reader_decoded(raw)
        assert text == said
        if offsets is not None:
            assert len(offsets) == len(text) + 1
            assert offsets[-1] == len(raw)
            assert offsets == sorted(set(offsets))


@given(
    _text,
    st.sampled_from(
        ["CEF:0|", "LEEF:2.0|", "<a b='", "<13>1 - a b c d [x ", 'a="b" c=', "2025/10/10 12:34:56,1,SYSTEM,"]
    ),
)
def test_values_stand_in_order_and_in_the_text(text: str, sign: str):
    """Whatever a line holds, the places are inside it, not empty the wrong way round, and do not overlap."""
    line = sign + text + sign + text
    for reader in (cef, leef, xmltext, structured, logfmt, positional):
        at = 0
        for value in sorted(reader.values(line)):
            assert at <= value.start <= value.stop <= len(line)
            at = value.stop
        ANONYMIZER.line(line)


_user = st.from_regex(r"[a-z]{3,8}[0-9]{2,4}( [a-z]{4,8}[0-9]{2})?", fullmatch=True)
_note = st.lists(st.sampled_from(["bytes", "sent", "7", "blocked", "(rule", "4)", "café"]), max_size=5).map(" ".join)
_FORMS = (
    "CEF:0|V|P|1|100|Login|5|act={note} suser={user} cs1Label=User cs1={user} outcome={note}",
    "LEEF:1.0|V|P|1|Login|cat={note}\tuserName={user}\tnote={note}",
    "<E><EventID>1</EventID><Data Name='TargetUserName'>{user}</Data><Note a=\"{note}\">{note}</Note></E>",
    '<13>1 2024-01-19T14:23:55Z - app 7 - [x@1 note="{note}" user.name="{user}"] {note}',
    'level=info note="{note}" user="{user}" last="{note}"',
    "1,2025/10/10 12:34:56,1,CONFIG,{note},1,2025/10/10 12:34:56,192.0.2.1,,set,{user},Web,Succeeded,{note}",
)


@given(st.sampled_from(_FORMS), _user, _note)
def test_only_planted_values_change(form: str, user: str, note: str):
    """The line with a pseudonym planted is what comes out for the line with the name, byte for byte."""
    line = form.format(user=user, note=note)
    expected = form.format(user=NAMES.user(user), note=note)
    expected = expected.replace("192.0.2.1", NAMES.ip("192.0.2.1"))
    assert ANONYMIZER.line(line) == expected


@given(st.sampled_from(_FORMS), _note)
def test_a_line_without_sensitive_values_is_copied(form: str, note: str):
    """With a placeholder for the user nothing changes."""
    line = form.format(user="-", note=note).replace("192.0.2.1", "")
    assert ANONYMIZER.line(line) == line


@pytest.mark.parametrize(
    "seed",
    [
        *("CEF:0|", "CEF:0|a|b|c|d|e|f|", "LEEF:2.0|", "<a ", "<a b='c' ", "<!--", "<![CDATA[", "</a>", "<a>", "&#1;"),
        *('<1>1 - a b c d [x y="', 'a="b" ', 'a="', "a=b ", "k=", "cs1Label=a cs1=b ", "2025/10/10 12:34:56,", "1,"),
        *('<a b="c>', "<a='", '"",', '[x@1 y="\\]'),
    ],
)
def test_no_reader_takes_more_than_linear_time(seed: str):
    """Hostile repeats of a notation's own signs, as long as a line may be: quadratic time would hold this for hours."""
    line = (seed * 262_144)[:262_000]
    for reader in (cef, leef, xmltext, structured, logfmt, positional):
        for text in (line, "CEF:0|a|b|c|d|e|f|" + line, "LEEF:1.0|a|b|c|d|" + line, '<1>1 - a b c d [x y="' + line):
            sum(1 for _ in reader.values(text))
            reader.is_like(text)


def test_a_notation_inside_another_is_opened():
    """CEF in a JSON string, JSON in an XML text, XML in a quoted pair: names count at every depth."""
    line = r'{"message": "CEF:0|V|P|1|1|n|1|suser=bob smith msg=\"x\""}'
    assert ANONYMIZER.line(line) == line.replace("bob smith", BOB)
    line = "<e><log>{&quot;userName&quot;: &quot;bob smith&quot;}</log></e>"
    assert ANONYMIZER.line(line) == line.replace("bob smith", BOB)
    line = r'a=1 b=2 raw="<E><Data Name=\"TargetUserName\">bob smith</Data></E>"'
    assert ANONYMIZER.line(line) == line.replace("bob smith", BOB)


def test_the_host_of_a_header_in_front_is_found_too():
    """What a reader does not read is searched as before."""
    out = ANONYMIZER.line("Jan 18 11:07:53 fw17 app[1]: CEF:0|V|P|1|1|n|1|suser=bob smith")
    assert out == f"Jan 18 11:07:53 {NAMES.host('fw17')} app[1]: CEF:0|V|P|1|1|n|1|suser={BOB}"
    assert not re.search("fw17|bob", out)


def test_two_digits_of_a_mac_address_name_nothing():
    """``cc:`` in an address is no header of a mail: the type of the frame behind it stays."""
    line = "IN=eth0 OUT= MAC=02:3b:4c:ae:e4:4f:02:ae:49:0c:0a:cc:08:00 LEN=255"
    assert ANONYMIZER.line(line).endswith(":08:00 LEN=255")
    assert ANONYMIZER.line("cc: zoe@corp.example") == f"cc: {NAMES.email('zoe@corp.example')}"
