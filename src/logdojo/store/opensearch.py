"""The store beyond one machine: an index of OpenSearch or Elasticsearch (extra ``search``)."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logdojo.errors import InputError, UsageError
from logdojo.events import LogEvent, Severity, printable
from logdojo.store import dsl
from logdojo.store.arrow import clean_fields, moment_of, undecodable
from logdojo.store.batch import Appended, Batch, Place, Tags, event_id
from logdojo.store.columns import (
    EVENT_COLUMNS,
    INGESTED,
    ORIGINAL,
    PARSE_ERROR,
    SENSITIVITY,
    SEVERITY,
    SOURCE,
    TENANT,
    Kind,
    fits,
)
from logdojo.store.query import Aggregation, Filter, Group, Measure, Query, Stored

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

VERSION: Final = 1
_CHUNK_BYTES: Final = 5 * 1024 * 1024
_TRIES: Final = 5
_THERE_ALREADY: Final = 409
_LATER: Final = frozenset({429, 502, 503, 504})

_encode: Final = msgspec.json.Encoder().encode


class OpenSearchStore:
    """Events in one index.

    The id of a document is the event's, and documents are only ever created: what is there already stays as it is.

    Args:
        client: a client of ``opensearch-py``, with its addresses, certificates and credentials.
        index: name of the index; it is made when it is not there.

    Raises:
        InputError: the server cannot be reached, or the index was made by a newer logdojo.
    """

    def __init__(self, client: OpenSearch, index: str = "logdojo-events") -> None:
        self._client = client
        self._index = index
        with self._errors():
            self._prepare()

    def append(self, batch: Batch) -> Appended:
        """Store the events that are not there yet; see ``LogStore``."""
        now = dsl.moment(datetime.now(UTC))
        documents: dict[str, bytes] = {}
        for event, place, tags in zip(batch.events, batch.places, batch.tags, strict=True):
            documents.setdefault(event_id(place, event.original), _encode(_document(event, place, tags, now)))
        new = 0
        for chunk in _chunks(documents):
            new += self._create(chunk)
        self._refresh()
        return Appended(new, len(batch) - new)

    def search(self, query: Query) -> list[Stored]:
        """Return the events that are asked for, in order; see ``LogStore``."""
        body = {
            "size": query.limit,
            "query": dsl.condition(query.filters, query.since, query.until),
            "sort": dsl.order(query),
        }
        with self._errors():
            found = self._client.search(index=self._index, body=body)
        return [_stored(hit["_id"], hit["_source"]) for hit in found["hits"]["hits"]]

    def aggregate(self, aggregation: Aggregation) -> list[Group]:
        """Return a figure for each group; see ``LogStore``."""
        if not aggregation.by and aggregation.bucket is None:
            with self._errors():
                found = self._client.search(index=self._index, body=dsl.grouping(aggregation, None))
            counted = {"doc_count": found["hits"]["total"]["value"], **found.get("aggregations", {})}
            return [Group((), None, _figure(counted, aggregation))] if counted["doc_count"] else []
        groups = [
            Group(
                tuple(page["key"][f"k{number}"] for number in range(len(aggregation.by))),
                _start(page["key"].get("start")),
                _figure(page, aggregation),
            )
            for page in self._groups(aggregation)
        ]
        return sorted(groups, key=_in_order)[: aggregation.limit]

    def count(self, query: Query | None = None) -> int:
        """Return how many events there are, or how many match; see ``LogStore``."""
        asked = query or Query()
        body = {"query": dsl.condition(asked.filters, asked.since, asked.until)}
        with self._errors():
            return int(self._client.count(index=self._index, body=body)["count"])

    def delete_before(self, moment: datetime, filters: Sequence[Filter] = ()) -> int:
        """Delete events older than a moment and return how many those were; see ``LogStore``."""
        with self._errors():
            found = self._client.delete_by_query(
                index=self._index, body={"query": dsl.older(moment, filters)}, params={"refresh": "true"}
            )
        return int(found["deleted"])

    def close(self) -> None:
        """Close the connections; a second call does nothing."""
        self._client.close()

    def _prepare(self) -> None:
        mapping = dsl.mapping() | {"_meta": {"logdojo_version": VERSION}}
        if not self._client.indices.exists(index=self._index):
            # A template, so that an index which is made anew by a roll-over has the same types.
            template = {
                "index_patterns": [self._index, f"{self._index}-0*"],
                "priority": len(self._index),
                "template": {"mappings": mapping},
            }
            self._client.indices.put_index_template(name=self._index, body=template)
            self._client.indices.create(
                index=self._index, body={"mappings": mapping}, params={"wait_for_active_shards": "1"}
            )
            return
        found = self._client.indices.get_mapping(index=self._index)[self._index]["mappings"]
        version = found.get("_meta", {}).get("logdojo_version")
        if version != VERSION:
            raise InputError(
                f"index {self._index}: of version {version}, and this logdojo knows version {VERSION}",
                hint="update logdojo, or name another index",
            )
        # Columns that this logdojo knows and the index lacks.
        self._client.indices.put_mapping(index=self._index, body={"properties": mapping["properties"]})

    def _create(self, chunk: Mapping[str, bytes]) -> int:
        """Create documents, again those that the server had no time for; return how many are new."""
        waiting, new = dict(chunk), 0
        for tried in range(_TRIES):
            lines = [
                line for name, text in waiting.items() for line in (b'{"create":{"_id":"%b"}}' % name.encode(), text)
            ]
            with self._errors():
                answer = self._client.bulk(body=b"\n".join(lines) + b"\n", index=self._index)
            busy = {}
            for each in answer["items"]:
                result = each["create"]
                if result["status"] in _LATER:
                    busy[result["_id"]] = waiting[result["_id"]]
                elif result["status"] < 300:
                    new += 1
                elif result["status"] != _THERE_ALREADY:
                    reason = result.get("error", {}).get("reason", "no reason given")
                    raise InputError(f"index {self._index}: event {result['_id']} was refused ({reason})")
            if not busy:
                return new
            waiting = busy
            time.sleep(0.1 * 2**tried)
        raise InputError(f"index {self._index}: the server has no time for us", hint="give the same batch again later")

    def _groups(self, asked: Aggregation) -> Iterator[dict[str, Any]]:
        after = None
        while True:
            with self._errors():
                answer = self._client.search(index=self._index, body=dsl.grouping(asked, after))
            page = answer["aggregations"]["groups"]
            yield from page["buckets"]
            after = page.get("after_key")
            if after is None or len(page["buckets"]) < dsl.PAGE:
                return

    def _refresh(self) -> None:
        with self._errors():
            self._client.indices.refresh(index=self._index)

    def _errors(self) -> _Errors:
        return _Errors(self._index)


class _Errors:
    """Turn the client's errors into ours."""

    def __init__(self, index: str) -> None:
        self._index = index

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from opensearchpy.exceptions import OpenSearchException

        if isinstance(error, OpenSearchException):
            raise InputError(
                f"index {self._index}: {str(error)[:300]}", hint="see that the server is there and lets us in"
            ) from error


def connect(url: str, *, user: str = "", password: str = "") -> OpenSearchStore:
    """Open the store behind an address such as ``https://search.example.com:9200/logdojo-events``.

    Raises:
        UsageError: it is no such address, or ``opensearch-py`` is not there.
        InputError: the server cannot be reached.
    """
    from urllib.parse import urlsplit

    try:
        from opensearchpy import OpenSearch
    except ImportError as error:
        raise UsageError(f"{url}: opensearch-py is not installed", hint="pip install 'logdojo[search]'") from error
    parts = urlsplit(url)
    index = parts.path.strip("/")
    if not parts.hostname or not index or "/" in index or parts.username:
        raise UsageError(
            f"{parts.scheme}://{parts.hostname}{parts.path} names no index",
            hint="write https://host:9200/index, without user and password",
        )
    port = parts.port or (443 if parts.scheme == "https" else 9200)
    client = OpenSearch(
        [{"host": parts.hostname, "port": port}],
        use_ssl=parts.scheme == "https",
        http_auth=(user, password) if user else None,
        timeout=30,
        max_retries=3,
        retry_on_timeout=True,
    )
    return OpenSearchStore(client, index)


def _document(event: LogEvent, place: Place, tags: Tags, now: str) -> dict[str, object]:
    fields = clean_fields(event)
    document: dict[str, object] = {}
    pairs: list[str] = []
    for name, value in fields.items():
        kind = EVENT_COLUMNS.get(name)
        if kind is None:
            pairs += _pairs(name, value)
        elif kind is Kind.TIME:
            at = moment_of(value)
            if at is not None:
                document[name] = dsl.moment(at)
        elif fits(value, kind) and (kind is not Kind.ADDRESS or dsl.is_address(value)):
            document[name] = value
    raw = undecodable(event.original)
    own = {
        dsl.STREAM: place.stream,
        dsl.OFFSET: place.offset,
        dsl.FIELDS: _encode(fields).decode(),
        dsl.PAIRS: pairs,
        dsl.RAW: base64.b64encode(raw).decode() if raw is not None else None,
        ORIGINAL: printable(event.original),
        PARSE_ERROR: printable(event.error) or None,
        SOURCE: tags.source,
        TENANT: tags.tenant or None,
        SEVERITY: tags.severity,
        SENSITIVITY: tags.sensitivity or None,
        INGESTED: now,
    }
    return document | {name: value for name, value in own.items() if value is not None and value != []}


def _pairs(name: str, value: object) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [dsl.pair(name, each) for each in value]
    return [dsl.pair(name, value)] if isinstance(value, (str, int, float)) else []


def _chunks(documents: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
    chunk: dict[str, bytes] = {}
    size = 0
    for name, text in documents.items():
        if chunk and size + len(text) > _CHUNK_BYTES:
            yield chunk
            chunk, size = {}, 0
        chunk[name] = text
        size += len(text)
    if chunk:
        yield chunk


def _stored(found_id: str, source: Mapping[str, Any]) -> Stored:
    raw = source.get(dsl.RAW)
    line = base64.b64decode(raw).decode("utf-8", "surrogateescape") if raw else source[ORIGINAL]
    event = LogEvent(line, msgspec.json.decode(source[dsl.FIELDS]), error=source.get(PARSE_ERROR, ""))
    severity = source.get(SEVERITY)
    return Stored(
        found_id,
        event,
        Place(source[dsl.STREAM], source[dsl.OFFSET]),
        Tags(
            source[SOURCE],
            source.get(TENANT, ""),
            None if severity is None else Severity(severity),
            source.get(SENSITIVITY, ""),
        ),
    )


def _start(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1_000, UTC)


def _figure(page: Mapping[str, Any], asked: Aggregation) -> float | None:
    if asked.metric.measure is Measure.COUNT:
        return int(page["doc_count"])
    if not page.get("there", {"value": 1})["value"]:
        return None
    value = float(page["value"]["value"])
    return value if asked.metric.measure is Measure.MEAN else int(value)


def _in_order(group: Group) -> tuple[Any, ...]:
    first = group.start.timestamp() if group.start is not None else -(group.value or 0)
    return (group.start is None and group.value is None, first, [(key is None, key or 0) for key in group.keys])
