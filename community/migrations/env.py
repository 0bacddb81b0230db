"""What Alembic runs: the migrations, on the connection and in the transaction that `community.migrate` opened."""

from alembic import context

from community.models import Model

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
