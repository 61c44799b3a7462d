"""When something is said by itself, and what: alarms and briefings."""
