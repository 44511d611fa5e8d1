"""What stays on the disk: artefacts, the database, locks, and what differs between systems."""
