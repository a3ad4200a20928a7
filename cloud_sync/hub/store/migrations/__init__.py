"""How the database of an older hub becomes one of this version: Alembic's revisions, oldest first."""
