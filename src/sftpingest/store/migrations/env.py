"""Runs the migrations in the transaction that `engine.migrate` opened.

In:  the connection, in the attributes of the configuration.
Out: tables at the revision asked for.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # Alembic thinks that SQLite cannot roll DDL back; it can, where transactions are begun as we begin them.
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
