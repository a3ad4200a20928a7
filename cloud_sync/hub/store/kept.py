"""Which frames are a journal's own: said as the indexes of those frames say it, or they would not be used."""

from typing import Final

from sqlalchemy import ColumnElement, literal_column

from cloud_sync.hub.store import schema

# A parameter in place of the 1 might be anything else, as far as a planner knows.
IS_KEPT: Final[ColumnElement[bool]] = schema.frame.c.kept == literal_column("1")
