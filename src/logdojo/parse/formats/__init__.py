"""The formats: one YAML file a vendor (see ``declared``), or a module with ``FORMATS`` where that is not enough."""
