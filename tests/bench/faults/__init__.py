"""What faults cost, in records: kill -9, rotation by many processes, a full disk, bad records, lost context."""
