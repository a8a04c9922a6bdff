"""The console as a WSGI application, for a server that imports it."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from billbridge import logs
from billbridge.web.parent import end_with_parent
from billbridge.web.signing import use_signing_key

logs.configure()
end_with_parent()
use_signing_key()
application = get_wsgi_application()
