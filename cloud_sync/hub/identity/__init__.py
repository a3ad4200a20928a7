"""Identity at the hub: its certificates, claims and enrolment, the broker's files, keyrings, revocation."""
