"""The WSGI entry point, which exports `app` for `flask` and the server."""

import os
import sys

from api import create_app
from api.config import Settings
from api.http import logs
from geo.errors import BeforehandError

logs.configure()
try:
    app = create_app(Settings.from_environ(os.environ))
except BeforehandError as error:
    sys.exit(f"beforehand: {error}")
