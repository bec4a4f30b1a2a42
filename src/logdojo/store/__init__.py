"""Log events in one place, tagged and searchable.

batch         what goes in: events with their places and tags
columns       the fields that are asked most, with their types
query         what can be asked: filters, time, order, groups, figures
protocol      LogStore: what every store can do
duck          one DuckDB file, the default       (arrow, reach, schema, sql)
opensearch    an index of OpenSearch or Elasticsearch       (dsl)
collecting    files, archives and a syslog socket → store, each line once
"""

from logdojo.store.batch import Appended, Batch, Place, Tags, event_id
from logdojo.store.duck import DuckDbStore
from logdojo.store.protocol import LogStore
from logdojo.store.query import (
    Aggregation,
    Filter,
    Group,
    Measure,
    Metric,
    Op,
    Query,
    Stored,
    any_of,
    at_least,
    begins,
    below,
    contains,
    exists,
    in_network,
    missing,
    none_of,
)

__all__ = [
    "Aggregation",
    "Appended",
    "Batch",
    "DuckDbStore",
    "Filter",
    "Group",
    "LogStore",
    "Measure",
    "Metric",
    "Op",
    "Place",
    "Query",
    "Stored",
    "Tags",
    "any_of",
    "at_least",
    "begins",
    "below",
    "contains",
    "event_id",
    "exists",
    "in_network",
    "missing",
    "none_of",
]
