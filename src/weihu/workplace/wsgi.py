"""For WSGI servers: ``weihu.workplace.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weihu.workplace.settings")
application = get_wsgi_application()
