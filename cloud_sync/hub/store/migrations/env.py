"""What Alembic runs to migrate: on the connection, and in the transaction, of whoever called it."""

from alembic import context

from cloud_sync.hub.store import schema

context.configure(connection=context.config.attributes["connection"], target_metadata=schema.metadata)
context.run_migrations()
