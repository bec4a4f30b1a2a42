"""Labelled firewall, cloud and host traffic → raw lines."""
