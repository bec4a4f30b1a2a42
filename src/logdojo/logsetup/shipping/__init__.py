"""Write first, ship later: a log file on its way to Elasticsearch, OpenSearch or Splunk.

An application writes to its local file and never waits for a network. A shipper, in a thread or a process of its own,
follows the file and all its archives and sends what is new in batches. It notes how far it came only when the other
side has acknowledged, so a kill at any moment loses nothing.

    cursor          the durable position: fingerprint of a segment and an offset in its content
    places          all files of a log in order, also those that an outside logrotate has named
    reading         one segment in batches of whole lines
    follow          the log in batches, across rotation, compression and encryption
    delivery        what a sink says about a batch, and how long to wait before the next try
    http            one HTTPS connection that is kept, and the secret that is sent over it
    elasticsearch   the bulk API of Elasticsearch and OpenSearch
    splunk          Splunk's HTTP event collector, with indexer acknowledgement
    dead_letters    what the other side refuses for good, kept with the reason
    locks           one shipper a log and sink
    delivering      a batch, brought to its last line
    shipper         all of it together: thread, lock, fork, stop
"""

from logdojo.logsetup.shipping.cursor import Cursor, passed_by_all
from logdojo.logsetup.shipping.delivering import Counters
from logdojo.logsetup.shipping.elasticsearch import ElasticsearchSink
from logdojo.logsetup.shipping.follow import Batch, follow
from logdojo.logsetup.shipping.http import Secret
from logdojo.logsetup.shipping.shipper import Shipper
from logdojo.logsetup.shipping.splunk import SplunkSink

__all__ = [
    "Batch",
    "Counters",
    "Cursor",
    "ElasticsearchSink",
    "Secret",
    "Shipper",
    "SplunkSink",
    "follow",
    "passed_by_all",
]
