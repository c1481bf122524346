"""Alembic's entry point: runs the migrations on the connection that geo/schema.py passes."""

from alembic import context

from geo.casework import models as casework_models
from geo.crowd import models as crowd_models
from geo.database import Base
from geo.facilities import models as facility_models
from geo.gazetteer import models as gazetteer_models
from geo.limits import models as limit_models
from geo.moderation import models as moderation_models
from geo.moderation.actions import registry as moderation_actions
from geo.partners import models as partner_models

KNOWN_MODELS = (
    *(facility_models, casework_models, crowd_models, moderation_models, moderation_actions),
    *(partner_models, limit_models, gazetteer_models),
)
"""Imported so that their tables and constraints are in the metadata that `alembic check` compares with the database."""

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
context.run_migrations()
