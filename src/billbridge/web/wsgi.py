"""The console as a WSGI application, for a server that imports it."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from billbridge.web.signing import use_signing_key

use_signing_key()
application = get_wsgi_application()
