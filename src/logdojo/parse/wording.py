"""What the words of a message say about how something ended, and whether it was about signing in."""

from __future__ import annotations

import re
from typing import Final

_SEEN: Final = 512
"""Within how many code points the words are looked for."""
_WORD: Final = re.compile(r"[a-z]+")
_FAILED: Final = frozenset(
    {"fail", "failed", "failure", "failures", "fails", "failing", "denied", "deny", "invalid", "incorrect"}
    | {"refused", "rejected", "reject", "blocked", "unauthorized", "unauthorised", "wrong", "unsuccessful"}
    | {"forbidden", "mismatch", "cannot", "illegal", "expired", "locked"}
)
_FAILED_PHRASES: Final = (
    *("bad user", "bad password", "bad login", "bad token", "not found", "not allowed", "not authorized"),
    *("not permitted", "authentication error", "auth error", "login error", "could not", "unknown user"),
    *("no such user", "no_such_user", "can't", "unable to", "bad_password", "bad_user"),
)
_SUCCEEDED: Final = frozenset(
    {"accepted", "success", "successful", "successfully", "succeeded", "granted", "opened", "allowed"}
    | {"authenticated", "permitted"}
)
_LOGIN: Final = frozenset(
    {"login", "logins", "logon", "logout", "loggedin", "signin", "signon", "auth", "authentication", "authenticate"}
    | {"authenticated", "authenticates", "password", "passwd", "credential", "credentials", "mfa", "otp", "logins"}
)
_LOGIN_PHRASES: Final = (
    "log in",
    "logged in",
    "logged out",
    "log out",
    "sign in",
    "sign-in",
    "log-in",
    "two-factor",
    "2fa",
)

NO_NAMES: Final = frozenset(
    {"a", "agent", "already", "an", "and", "are", "as", "at", "attempt", "attempted", "attempts", "authenticated"}
    | {"authentication", "authorized", "authorization", "be", "been", "before", "but", "by", "can", "cannot", "client"}
    | {"could", "credentials", "data", "database", "denied", "details", "did", "disabled", "disconnected", "does"}
    | {"doesn't", "during", "email", "error", "exists", "expired", "failed", "failure", "for", "found", "from"}
    | {"group", "had", "has", "have", "id", "in", "info", "input", "incorrect", "invalid", "is", "it", "its"}
    | {"limit", "list", "lockout", "locked", "logged", "login", "logon", "logout", "manager", "may", "module"}
    | {"name", "names", "no", "not", "of", "on", "or", "pam", "password", "permission", "permissions", "policy"}
    | {"profile", "rejected", "request", "root-login", "service", "session", "sessions", "settings", "successful"}
    | {"successfully", "that", "the", "they", "this", "timed", "to", "token", "try", "tried", "trying", "unknown"}
    | {"user", "username", "using", "via", "was", "were", "when", "where", "which", "who", "will", "with"}
    | {"without", "you", "your", "attempting", "creation", "created", "deleted"}
)
"""Words after "user" that are no user's name."""


def said(text: str, start: int = 0) -> tuple[str, bool]:
    """Return how a message says that something ended ("success", "failure" or ""), and whether it was about a login."""
    low = text[start : start + _SEEN].lower()
    words = set(_WORD.findall(low))
    login = not words.isdisjoint(_LOGIN) or any(phrase in low for phrase in _LOGIN_PHRASES)
    if not words.isdisjoint(_FAILED) or any(phrase in low for phrase in _FAILED_PHRASES):
        return "failure", login
    if not words.isdisjoint(_SUCCEEDED) or "logged in" in low:
        return "success", login
    return "", login
