"""The tables of the hub's rooms beside the journals: backups, identity, orders, telemetry.

They are a part of `schema`, which is where everybody finds them.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Text

from cloud_sync.hub.store.columns import counter, late_text, late_whole, number, octets, table, text, whole

# A backup that was read back whole: `cursor.safe` says what of each journal is in one.
backup = table(
    "backup",
    number(),
    whole("at_ms"),
    whole("generation"),
    whole("entries"),
    text("sha256"),
)

# An invitation to enrol one object; what is not there has not happened. Of its secret only the hash, hex.
claim = table(
    "claim",
    text("id", primary_key=True),
    text("tenant"),
    text("site"),
    text("object"),
    text("kind"),
    text("secret_sha256"),
    text("timezone"),
    whole("made_ms"),
    whole("expires_ms"),
    late_text("key_x"),
    late_text("key_y"),
    late_text("tier"),
    late_text("csr"),
    late_text("code"),
    late_whole("asked_ms"),
    late_whole("confirmed_ms"),
    late_whole("refused_ms"),
    late_whole("enrolled_ms"),
    late_text("answer"),
    counter("wrong"),
)

certificate = table(
    "certificate",
    text("serial", primary_key=True),
    text("dev"),
    text("pem"),
    whole("not_after_ms"),
    late_whole("revoked_ms"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
)

# An order to an object, and what became of it.
command = table(
    "command",
    text("id", primary_key=True),
    text("dev"),
    text("jws"),
    text("verb"),
    whole("made_ms"),
    whole("expires_ms"),
    late_whole("told_ms"),
    late_whole("done_ms"),
    late_whole("ok"),
    late_text("sentence"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
    CheckConstraint("ok IN (0, 1)", name="ok_is_yes_or_no"),
)

# The hub's signing keys as a root vouched for them, one row a version.
keyring = table(
    "keyring",
    Column("tenant", Text, primary_key=True, server_default=""),
    whole("generation", primary_key=True),
    whole("n", primary_key=True),
    text("jws"),
    whole("made_ms"),
)

# What objects tell of touches and dwell: lossy, and never counted by.
telemetry = table(
    "telemetry",
    text("dev", primary_key=True),
    text("lane", primary_key=True),
    whole("seq", primary_key=True),
    text("kind"),
    whole("at_ms"),
    octets("body"),
)

telemetry_lane = table(
    "telemetry_lane",
    text("dev", primary_key=True),
    text("lane", primary_key=True),
    whole("last"),
    whole("dropped"),
    whole("replaced"),
)

# What an object says of its program and of what is wrong with it: `faults` is a JSON array, as it was told.
wellbeing = table(
    "wellbeing",
    text("dev", primary_key=True),
    text("program"),
    text("faults"),
    ForeignKeyConstraint(["dev"], ["object.id"]),
)
