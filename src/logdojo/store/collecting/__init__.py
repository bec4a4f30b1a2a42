"""From files, archives and a socket into a store: each line once, nothing lost, also after a kill.

sources      paths → logs: a live file with its rotated ones, an archive, a folder
tailing      one log in batches, from a durable place on
framing      a TCP stream → syslog messages
syslog       a socket on this machine, UDP and TCP
tagging      rules → tags
collector    all of it together: parse, tag, append, write down the place
"""

from logdojo.store.collecting.collector import Collector, Counters
from logdojo.store.collecting.syslog import SyslogSocket
from logdojo.store.collecting.tagging import Rule, Tagger, read_rules

__all__ = ["Collector", "Counters", "Rule", "SyslogSocket", "Tagger", "read_rules"]
