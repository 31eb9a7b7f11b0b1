"""Django settings. Everything that differs between installations comes from its home folder and a few variables.

``WEIHU_HOME``: the home folder (``weihu --home`` sets it). ``WEIHU_DATABASE_URL``: another database than SQLite
in the home, e.g. ``postgres://user:password@host/weihu``. ``WEIHU_URL``: the address that people open, e.g.
``https://weihu.bank.example``; a proxy in front speaks HTTPS with the browsers. With it, forms from that address are
taken, cookies travel over HTTPS only, plain requests are sent to HTTPS, and browsers remember that for a year; ``weihu
serve`` takes X-Forwarded-Proto and X-Forwarded-For from the proxy alone (``WEIHU_PROXY``, this machine without it).
Without it the workplace speaks plain HTTP, for this machine only. ``WEIHU_HOSTS``: other host names, by comma.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.utils.translation import gettext_lazy as _

from weihu.engine.lake import Home
from weihu.workplace.base.logs import settings_for
from weihu.workplace.base.minutes import minutes

HOME = Home(Path(os.environ.get("WEIHU_HOME", "var/home")))
WORKPLACE = Path(__file__).parent
NODE_MODULES = Path(os.environ.get("WEIHU_NODE_MODULES", WORKPLACE.parents[2] / "node_modules"))

SECRET_KEY = HOME.key("django").hex() if HOME.exists else "no home yet: only for commands that serve nobody"
DEBUG = False
URL = os.environ.get("WEIHU_URL", "").rstrip("/")
ADDRESS = urlsplit(URL)
HTTPS = ADDRESS.scheme == "https"
PROXY = os.environ.get("WEIHU_PROXY") or "127.0.0.1"
MORE_HOSTS = [ADDRESS.hostname or "", *os.environ.get("WEIHU_HOSTS", "").split(",")]
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *filter(None, MORE_HOSTS)]
CSRF_TRUSTED_ORIGINS = [f"{ADDRESS.scheme}://{ADDRESS.netloc}"] if HTTPS else []

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "axes",
    "django_htmx",
    "weihu.workplace.base",
    "weihu.workplace.bank",
    "weihu.workplace.contact",
    "weihu.workplace.consent",
    "weihu.workplace.gate",
    "weihu.workplace.know.archive",
    "weihu.workplace.know.relations",
    "weihu.workplace.know.life",
    "weihu.workplace.know.intake",
    "weihu.workplace.know.complaints",
    "weihu.workplace.judge.grading",
    "weihu.workplace.judge.benefits",
    "weihu.workplace.judge.portfolio",
    "weihu.workplace.act.signals",
    "weihu.workplace.act.messaging",
    "weihu.workplace.act.care",
    "weihu.workplace.act.introductions",
    "weihu.workplace.act.reception",
    "weihu.workplace.act.schedule",
    "weihu.workplace.act.segments",
    "weihu.workplace.act.worklist",
    "weihu.workplace.act.campaigns",
    "weihu.workplace.act.lists",
    "weihu.workplace.act.questions",
    "weihu.workplace.act.team",
    "weihu.workplace.see.health",
    "weihu.workplace.see.auditing",
    "weihu.workplace.see.cockpit",
    "weihu.workplace.see.runs",
    "weihu.workplace.see.modelcards",
    "weihu.workplace.customer",
    "weihu.workplace.navigation",
    "weihu.workplace.api",
]

MIDDLEWARE = [
    "weihu.workplace.see.health.views.live",
    "weihu.workplace.base.logs.references",
    "weihu.workplace.see.health.metrics.measured",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "weihu.workplace.base.headers.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "weihu.workplace.gate.sessions.bounded",
    "weihu.workplace.gate.factors.enrolled",
    "weihu.workplace.gate.first_passwords.replaced",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "weihu.workplace.gate.accesses.accesses",
    "weihu.workplace.base.answers.answers",
    "weihu.workplace.gate.identity.paced",
    "weihu.workplace.bank.current.current_run",
    "weihu.workplace.base.once.Once",
    "axes.middleware.AxesMiddleware",
]
CSRF_FAILURE_VIEW = "weihu.workplace.base.answers.unproven"
MESSAGE_STORAGE = "weihu.workplace.base.toasts.SealedStorage"
LOGGING = settings_for(HOME.log if HOME.exists else None, as_json=os.environ.get("WEIHU_LOG") == "json")

ROOT_URLCONF = "weihu.workplace.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WORKPLACE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "weihu.workplace.bank.current.for_templates",
                "weihu.workplace.navigation.rail.rail",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "weihu.workplace.base.components",
                "weihu.workplace.base.pictures",
                "weihu.workplace.base.words",
                "weihu.workplace.know.archive.words",
                "weihu.workplace.judge.grading.words",
                "weihu.workplace.act.signals.leaving",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.config("WEIHU_DATABASE_URL", default=f"sqlite:///{HOME.root / 'weihu.sqlite3'}")
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # a writer waits for the other instead of failing; readers wait for nobody
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;"
        # in pages: the night writes its own back sooner, so that no one who saves a contact has to
        " PRAGMA wal_autocheckpoint=100000;",
    }
else:
    # a page's queries are short: connections are kept, nothing is compiled or spread over workers for them
    DATABASES["default"] |= {
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c jit=off -c max_parallel_workers_per_gather=0"},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "bank.Staff"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("staff_id", "name")},
    },
    {"NAME": "weihu.workplace.gate.passwords.GuessedValidator"},
    {"NAME": "weihu.workplace.gate.passwords.BreachedValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "weihu.workplace.gate.factors.SecondStep",
]

# wrong passwords: gate/identity.py says how long a staff number waits
AXES_USERNAME_FORM_FIELD = "username"
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_COOLOFF_TIME = "weihu.workplace.gate.identity.wait"
AXES_LOCKOUT_CALLABLE = "weihu.workplace.gate.identity.locked"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "passkey"]
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_DISABLE_ACCESS_LOG = True  # the audit log has every sign-in
AXES_VERBOSE = False

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [WORKPLACE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TZ") or "Asia/Shanghai"

STATIC_URL = "static/"
STATICFILES_DIRS = [
    WORKPLACE / "static",
    ("tabler", NODE_MODULES / "@tabler" / "core" / "dist"),
    ("icons", NODE_MODULES / "@tabler" / "icons-webfont" / "dist"),
    ("echarts", NODE_MODULES / "echarts" / "dist"),
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# an uploaded workbook is never a readable file on disk
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
if HTTPS:  # a browser takes these names from this host alone, and over HTTPS only
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
CSRF_COOKIE_HTTPONLY = True  # scripts take the token from their page
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz|metrics)$"]  # asked by machines, behind the proxy
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# a branch's intranet host is on no browser's built-in list; all people of a branch may have one address (gate/identity.py)
SILENCED_SYSTEM_CHECKS = ["security.W021", "axes.W006"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = minutes("WEIHU_SESSION_MINUTES", 12 * 60) * 60
IDLE_MINUTES = minutes("WEIHU_IDLE_MINUTES", 120)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
