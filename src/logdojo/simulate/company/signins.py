"""Sign-ins as Okta's System Log tells them, one JSON event a line (Okta's "System Log API", LogEvent)."""

from __future__ import annotations

import json
import random
from functools import cache
from types import MappingProxyType
from typing import Final

from logdojo.simulate.company.clocks import iso_milliseconds
from logdojo.simulate.company.scene import Scene
from logdojo.simulate.company.world import PLACES

_text = json.JSONEncoder(ensure_ascii=False).encode
MAIL: Final = "@corp.example"
"""What turns an account name into the name that is typed at sign-in."""
_MESSAGES: Final = MappingProxyType(
    {
        "user.session.start": "User login to Okta",
        "user.session.end": "User logout from Okta",
        "user.authentication.sso": "User single sign on to app",
        "user.authentication.auth_via_mfa": "Authentication of user via MFA",
        "user.account.lock": "Max sign in attempts exceeded",
        "user.account.reset_password": "User reset password",
        "user.mfa.factor.activate": "Activate factor for user",
        "policy.evaluate_sign_on": "Evaluation of sign-on policy",
        "user.lifecycle.create": "Create Okta user",
        "group.user_membership.add": "Add user to group membership",
        "application.user_membership.add": "Add user to application membership",
    }
)
APPS: Final = ("Mail", "Wiki", "AWS Account Federation", "Tickets", "Payroll", "Git", "Video")
"""Applications behind the sign-in."""


def okta(
    s: Scene,
    event: str,
    user: str,
    source: str,
    *,
    result: str = "SUCCESS",
    reason: str = "",
    agent: str,
    target: str = "",
) -> None:
    """Write one event.

    Args:
        s: the session.
        event: ``eventType``.
        user: account name of who acts.
        source: address of the client.
        result: ``SUCCESS``, ``FAILURE``, ``ALLOW``, ``DENY`` or ``CHALLENGE``.
        reason: why, on a failure; else ``""``.
        agent: user agent.
        target: application or account acted on.
    """
    when = s.clock + s.random() * 0.3
    mail, number, system = user + MAIL, _id(user), _system(agent)
    place = _geo(source)
    why = f',"reason":"{reason}"' if reason else ""
    aimed = (
        f'[{{"id":"{_id(target)}","type":"{"AppInstance" if target in APPS else "User"}",'
        f'"alternateId":{_text(target)},"displayName":{_text(target)}}}]'
        if target
        else "null"
    )
    line = (
        f'{{"actor":{{"id":"{number}","type":"User","alternateId":"{mail}","displayName":"{user.title()}",'
        f'"detailEntry":null}},"client":{{"userAgent":{{"rawUserAgent":"{agent}","os":"{system}",'
        f'"browser":"UNKNOWN"}},"zone":"null","device":"Computer","id":null,"ipAddress":"{source}",'
        f'"geographicalContext":{place}}},"authenticationContext":{{"authenticationStep":0,'
        f'"externalSessionId":"{s.id}{number[:6]}"}},"displayMessage":"{_MESSAGES[event]}","eventType":"{event}",'
        f'"outcome":{{"result":"{result}"{why}}},"published":"{iso_milliseconds(when)}Z",'
        f'"securityContext":{{"asNumber":{_network(source)},"isProxy":false}},'
        f'"severity":"{"INFO" if result in _FINE else "WARN"}","transaction":{{"type":"WEB",'
        f'"id":"{s.rng.getrandbits(96):024x}"}},"uuid":"{uuid(s)}","version":"0","request":{{"ipChain":[{{"ip":"{source}",'
        f'"version":"V4"}}]}},"target":{aimed}}}'
    )
    slots: dict[str, str | int] = {
        "event.action": event,
        "user.name": mail,
        "source.ip": source,
        "user_agent.original": agent,
    }
    s.put(when, "okta", line, slots)


_FINE: Final = frozenset({"SUCCESS", "ALLOW", "CHALLENGE"})


def uuid(s: Scene) -> str:
    """Draw a version 4 UUID."""
    digits = f"{s.rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


@cache
def _id(name: str) -> str:
    rng = random.Random(f"okta {name}")
    return "00u" + "".join(rng.choices("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=17))


@cache
def _geo(address: str) -> str:
    city, state, country, latitude, longitude = random.Random(f"place {address}").choice(PLACES)
    return (
        f'{{"city":"{city}","state":"{state}","country":"{country}","postalCode":null,'
        f'"geolocation":{{"lat":{latitude},"lon":{longitude}}}}}'
    )


@cache
def _network(address: str) -> int:
    return 64_496 + random.Random(f"network {address}").randrange(16)


@cache
def _system(agent: str) -> str:
    return "Windows 10" if "Windows" in agent else "Linux" if "Linux" in agent else "Unknown"
