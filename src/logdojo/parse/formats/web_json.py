"""Access logs of web servers as JSON, whose request line is one text: ``{"request": "GET /a HTTP/1.1", …}``.

What their administrators call the keys are nginx's and Fastly's names of variables, for both write them into a format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from logdojo.parse.declared import Declared, Signs, declared_from, reader_of_documents
from logdojo.parse.draft import Draft
from logdojo.parse.format import Format

_DOC: Final = "https://nginx.org/en/docs/http/ngx_http_log_module.html"
_REQUEST: Final = re.compile(r"([A-Z]{3,16}) (\S{1,8192})(?: HTTP/(\d(?:\.\d)?))?", re.ASCII)
_SUCCESS: Final = "101|200|201|202|203|204|206|207|301|302|303|304|307|308"
_DOCUMENT: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "name": "web.json",
        "doc": _DOC,
        "signs": {"keys": ["request", "remote_addr"]},
        "time": ["time_iso8601", "time_local", "time", "timestamp", "@timestamp", "msec", "ts"],
        "fields": {
            "source.ip": ["remote_addr", "client_ip", "realip_remote_addr", "remote_ip", "client"],
            "source.port": "remote_port",
            "user.name": ["remote_user", "user"],
            "url.domain": ["host", "http_host", "server_name"],
            "url.original": "request_uri",
            "http.request.method": ["request_method", "method"],
            "http.request.referrer": ["http_referrer", "http_referer", "referer", "referrer"],
            "http.request.bytes": "request_length",
            "http.response.status_code": ["status", "response_status", "status_code"],
            "http.response.body.bytes": "body_bytes_sent",
            "http.response.bytes": "bytes_sent",
            "user_agent.original": ["http_user_agent", "user_agent", "request_user_agent", "agent"],
            "client.ip": "http_x_forwarded_for",
        },
        "means": [
            {"by": "status", "words": {_SUCCESS: {"outcome": "success"}, "*": {"outcome": "failure"}}},
            {"always": {"category": ["web"], "type": ["access"]}},
        ],
    }
)


@cache
def _declared() -> Declared:
    return declared_from(_DOCUMENT, where="formats/web_json.py")


def _read(draft: Draft, document: Mapping[str, Any], now: datetime | None) -> bool:
    said = document.get("request")
    found = _REQUEST.fullmatch(said) if isinstance(said, str) else None
    if found is None and said != "":
        return False
    reader_of_documents(_declared())(draft, document, now)
    if found is not None:
        draft.fields["http.request.method"], draft.fields["url.original"] = found[1], found[2]
        if found[3] is not None:
            draft.fields["http.version"] = found[3]
    return True


FORMATS: Final = (
    Format(
        "web.json",
        Signs(
            keys=("request", "remote_addr"),
            also=(("request", "time_local"), ("request", "client_ip"), ("request", "body_bytes_sent")),
        ),
        read_document=_read,
        doc=_DOC,
    ),
)
