"""The WSGI entry: `flask` and the server find `app` here."""

import os
import sys

from api import create_app, logs
from api.config import Settings
from geo.errors import BeforehandError

logs.configure()
try:
    app = create_app(Settings.from_environ(os.environ))
except BeforehandError as error:
    sys.exit(f"beforehand: {error}")
