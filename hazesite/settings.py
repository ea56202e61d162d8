"""All settings of the site. What differs between places comes from the environment: see `.env.example`."""

from __future__ import annotations

import hashlib
import hmac
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import available_timezones

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from hazesite import __version__, logs, mail_providers
from hazesite import environment as env
from hazesite.enum_names import ENUM_NAMES
from hazesite.theme import THEME

django_stubs_ext.monkeypatch()

# --- where and how -----------------------------------------------------------
ENVIRONMENT = env.choice("ENVIRONMENT", "development", ("development", "production"))
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.flag("DEBUG", False)
BASE_DIR = env.BASE_DIR
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "data"))).resolve()
HOST = env.text("HOST", "127.0.0.1")
API_PORT = env.number("API_PORT", 5070, least=1)
PUBLIC_URL = env.address("PUBLIC_URL", f"http://localhost:{API_PORT}")
WEB_APP_URL = env.address("WEB_APP_URL", PUBLIC_URL)
MOBILE_APP_URL = env.text("MOBILE_APP_URL", "hazebot://oauth")
CORS_ALLOWED_ORIGINS = env.origins("CORS_ORIGINS")
EXTRA_HOSTS = env.names("ALLOWED_HOSTS")
TRUSTED_PROXIES = env.names("TRUSTED_PROXIES")
OUTBOUND_ALLOWED_HOSTS = env.names("OUTBOUND_ALLOWED_HOSTS")
HTTP_THREADS = env.number("HTTP_THREADS", 16)  # 0: Django's own ASGI handler
SOCKET_THREADS = env.number("SOCKET_THREADS", 8, least=1)

# --- secrets and first accounts ----------------------------------------------
SECRET_KEY = env.secret("SECRET_KEY", DATA_DIR / "secret_key", PRODUCTION)
JWT_TTL_DAYS = env.number("JWT_TTL_DAYS", 7, least=1)
API_ADMIN_USER = env.text("API_ADMIN_USER", "admin")
API_ADMIN_PASS = env.text("API_ADMIN_PASS")
API_EXTRA_USERS = env.extra_users("API_EXTRA_USERS")
API_MONITORING_SECRET = env.text("API_MONITORING_SECRET")
MONITORING_ALLOWED_IPS = env.networks("MONITORING_ALLOWED_IPS")
if JWT_TTL_DAYS > 7:
    raise ImproperlyConfigured(f"JWT_TTL_DAYS is {JWT_TTL_DAYS}; a token lives 7 days at most.")
if PRODUCTION:
    env.refuse_weak("API_ADMIN_PASS", API_ADMIN_PASS, 8)
    env.refuse_weak("API_MONITORING_SECRET", API_MONITORING_SECRET, 16)
    for _name, _password, _role in API_EXTRA_USERS:
        env.refuse_weak(f"The password of {_name} in API_EXTRA_USERS", _password, 8)

# --- database ----------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{quote(str(DATA_DIR / 'hazebot.sqlite3'))}")
SQLITE_SYNC = env.choice("SQLITE_SYNC", "normal", ("normal", "full"))
DATABASES: dict[str, dict[str, Any]] = {"default": env.database("DATABASE_URL", DATABASE_URL)}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = 60
_database["CONN_HEALTH_CHECKS"] = True
_options: dict[str, Any] = _database.setdefault("OPTIONS", {})
if _database["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    _database["ENGINE"] = "hazesite.sqlite3"  # Django's, but its threads take turns at writing
    _options |= {
        "transaction_mode": "IMMEDIATE",  # a DEFERRED one that turns into a writer fails at once when busy
        "timeout": 20,
        # A message writes some forty pages: by default every 25th or so would copy them all back.
        "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNC.upper()}; "
        "PRAGMA wal_autocheckpoint=4000; "
        # In two megabytes a page of ten thousand tickets' rows is gone before it is asked for again.
        "PRAGMA cache_size=-8000;",
    }
elif _database["ENGINE"].endswith("postgresql"):
    _database["ENGINE"] = "hazesite.postgresql"  # Django's, but what is asked again and again is planned once
    _options.setdefault("prepare_threshold", 1)  # from the second time on
    _database["DISABLE_SERVER_SIDE_CURSORS"] = True
    if "migrate" not in sys.argv and "prepare" not in sys.argv:  # a migration may take its time
        _limits = {
            "lock_timeout": "3s",
            "statement_timeout": "10s",
            "idle_in_transaction_session_timeout": "30s",
        }
        _given = _options.get("options", "")
        _options["options"] = " ".join(
            [_given, *(f"-c {name}={value}" for name, value in _limits.items())]
        ).strip()
        _options.setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis, cache, real time -------------------------------------------------
_redis_host = env.text("REDIS_HOST")
_redis_port = env.number("REDIS_PORT", 6379, least=1)
REDIS_URL = env.text("REDIS_URL", f"redis://{_redis_host}:{_redis_port}/0" if _redis_host else "")
RATELIMIT_ENABLE = env.flag("RATELIMIT_ENABLE", True)
SOCKET_FASTPATH = env.flag("SOCKET_FASTPATH", True)  # docs/adr/0007
# Of `check --deploy`: plain HTTP reaches the proxy alone, which redirects it (probes come here without TLS);
# other names under this domain are not ours to bind to HTTPS, nor for the lists of browsers.
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W005", "security.W021"]
if REDIS_URL:
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "hazesite.redis_cache.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
    }
    # redis-py 8 times a blocking read out after 5 s, in the middle of channels-redis's own wait.
    _hosts = [{"address": REDIS_URL, "socket_timeout": None}]
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": _hosts}}
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    # Without Redis there is one web process, so a cache of that process counts right.
    SILENCED_SYSTEM_CHECKS += ["django_ratelimit.E003", "django_ratelimit.W001"]
# Without Redis nobody tells this process what another one wrote, so it looks more often.
HUB_INTERVAL = 3.0 if REDIS_URL else 0.5
CONFIG_WARM_SECONDS = 2  # whole ones: how long reading the whole configuration may ask no database
RATELIMIT_FAIL_OPEN = True  # a limit that cannot be counted must not lock everybody out

# --- jobs --------------------------------------------------------------------
JOB_LEASE_SECONDS = env.number("JOB_LEASE_SECONDS", 30, least=1)
WORKER_THREADS = env.number("WORKER_THREADS", 4, least=1)
TASKS = {"default": {"BACKEND": "hazesite.jobs.backend.JobBackend", "QUEUES": ["default"]}}

# --- uptime monitors ---------------------------------------------------------
MONITOR_ALLOW_PRIVATE_TARGETS = env.flag("MONITOR_ALLOW_PRIVATE_TARGETS", False)
MONITOR_MIN_INTERVAL = env.number("MONITOR_MIN_INTERVAL", 30, least=1)
DEFAULT_CHECK_INTERVAL = env.number("DEFAULT_CHECK_INTERVAL", 60, least=1)
MAX_RESPONSE_TIME = env.number("MAX_RESPONSE_TIME", 30, least=1)
KEEP_HISTORY_DAYS = env.number("KEEP_HISTORY_DAYS", 30, least=1)
ITEMS_PER_PAGE = env.number("ITEMS_PER_PAGE", 20, least=1)
MONITOR_REFERENCE_TARGETS = env.names("MONITOR_REFERENCE_TARGETS")

# --- Discord -----------------------------------------------------------------
DISCORD_TOKEN = env.text("DISCORD_TOKEN")  # without it the bot is off
DISCORD_GUILD_ID = env.snowflake("DISCORD_GUILD_ID")
DISCORD_CLIENT_ID = env.text("DISCORD_CLIENT_ID")
DISCORD_CLIENT_SECRET = env.text("DISCORD_CLIENT_SECRET")
DISCORD_REDIRECT_URI = env.text("DISCORD_REDIRECT_URI", f"{PUBLIC_URL}/api/discord/callback")
DISCORD_API_URL = env.address("DISCORD_API_URL", "https://discord.com/api/v10")
DISCORD_GATEWAY_URL = env.address("DISCORD_GATEWAY_URL", "wss://gateway.discord.gg")
for _name, _value in (("DISCORD_API_URL", DISCORD_API_URL), ("DISCORD_GATEWAY_URL", DISCORD_GATEWAY_URL)):
    env.refuse_elsewhere(_name, _value, ("discord.com", "gateway.discord.gg"), debug=DEBUG)
ADMIN_ROLE_ID = env.snowflake("ADMIN_ROLE_ID")
MODERATOR_ROLE_ID = env.snowflake("MODERATOR_ROLE_ID")
LOOTLING_ROLE_ID = env.snowflake("LOOTLING_ROLE_ID")

# --- push --------------------------------------------------------------------
FCM_CREDENTIALS = env.service_account("FCM_CREDENTIALS")  # without it nothing is pushed
FCM_API_URL = env.address("FCM_API_URL", "https://fcm.googleapis.com")
env.refuse_elsewhere("FCM_API_URL", FCM_API_URL, ("fcm.googleapis.com",), debug=DEBUG)
FCM_SERVER_KEY = env.text("FCM_SERVER_KEY")  # only to say that its time is over

# --- e-mail ------------------------------------------------------------------
MAIL_SERVER = env.text("MAIL_SERVER")  # without it, or a provider's key, nothing is mailed
MAIL_PORT = env.number("MAIL_PORT", 587, least=1)
MAIL_USE_TLS = env.flag("MAIL_USE_TLS", True)
MAIL_USERNAME = env.text("MAIL_USERNAME")
MAIL_PASSWORD = env.text("MAIL_PASSWORD")
MAIL_DEFAULT_SENDER = env.text("MAIL_DEFAULT_SENDER", MAIL_USERNAME if "@" in MAIL_USERNAME else "")
MAIL_PROVIDER = env.choice("MAIL_PROVIDER", mail_providers.SMTP, mail_providers.CHOICES)
MAIL_API_KEY = env.text("MAIL_API_KEY")
EMAIL_BACKEND = mail_providers.backend(MAIL_PROVIDER)
EMAIL_HOST, EMAIL_PORT = MAIL_SERVER, MAIL_PORT
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL_USERNAME, MAIL_PASSWORD
EMAIL_USE_SSL = MAIL_PORT == 465  # TLS from the first byte on; elsewhere it begins with STARTTLS
EMAIL_USE_TLS = MAIL_USE_TLS and not EMAIL_USE_SSL
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = MAIL_DEFAULT_SENDER
ANYMAIL = mail_providers.anymail(MAIL_PROVIDER, MAIL_API_KEY)

# --- memes, Rocket League ------------------------------------------------------
REDDIT_API_URL = env.address("REDDIT_API_URL", "https://www.reddit.com")
ROCKET_LEAGUE_API_URL = env.address("ROCKET_LEAGUE_API_URL", "https://public-api.tracker.gg/v2/rocket-league")
ROCKET_LEAGUE_API_KEY = env.text("ROCKET_LEAGUE_API_KEY")  # without it there are no ranks

# --- uploads -----------------------------------------------------------------
UPLOADS = env.bucket("UPLOADS_URL")  # without it they are in DATA_DIR

# --- logs --------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")).upper()
LOGGING_CONFIG = None
ERROR_REPORTS = True  # what is logged with its exception is kept for the admin
logs.configure(DATA_DIR / "logs", as_json=PRODUCTION, level=LOG_LEVEL)

# --- audit -------------------------------------------------------------------
AUDIT_KEEP_DAYS = env.number("AUDIT_KEEP_DAYS", 0)  # 0: for ever

# --- analytics ---------------------------------------------------------------
ANALYTICS = env.flag("ANALYTICS", True)
ANALYTICS_TIME_ZONE = env.text("ANALYTICS_TIME_ZONE", "UTC")  # of its days
ANALYTICS_SALT_DAYS = env.number("ANALYTICS_SALT_DAYS", 0)  # 0: pseudonyms last
ANALYTICS_KEEP_EVENTS_DAYS = env.number("ANALYTICS_KEEP_EVENTS_DAYS", 60, least=2)
ANALYTICS_KEEP_SESSIONS_DAYS = env.number("ANALYTICS_KEEP_SESSIONS_DAYS", 180, least=2)
ANALYTICS_KEEP_DAYS = env.number("ANALYTICS_KEEP_DAYS", 730, least=2)  # of what was added up
GEOIP_DATABASE = env.text("GEOIP_DATABASE")  # without it no countries
if ANALYTICS_TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(
        f"ANALYTICS_TIME_ZONE is {ANALYTICS_TIME_ZONE!r}; a zone is like Europe/Berlin."
    )

# --- operations --------------------------------------------------------------
BACKUP_PASSPHRASE = env.text("BACKUP_PASSPHRASE")
SENTRY_DSN = env.text("SENTRY_DSN")  # without it nobody is told

# --- Django ------------------------------------------------------------------
VERSION = __version__
INSTALLED_APPS = [
    # Before staticfiles: `runserver` then speaks ASGI. Nobody else needs it, and it is large.
    *(["daphne"] if "runserver" in sys.argv else []),
    "unfold.apps.BasicAppConfig",  # its templates go before the admin's own
    "hazesite.apps.SiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "csp",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tasks",
    "hazesite",
    "accounts",
    "botconfig",
    "tickets",
    "monitoring",
    "community.memes",
    "community.rocketleague",
    "notifications",
    "analytics",
    "bot",
]
MIDDLEWARE = [
    "hazesite.middleware.RequestLog",
    "analytics.middleware.Usage",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "hazesite.middleware.CallsGoPast",  # past all that follow
    "django.middleware.security.SecurityMiddleware",
    "hazesite.middleware.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "hazesite.urls"
ASGI_APPLICATION = "hazesite.asgi.application"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("ar", "العربية"),
]  # pages choose: monitoring/pages/language.py
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "hazesite.shared_files.Bucket", "OPTIONS": UPLOADS}
    if UPLOADS
    else {"BACKEND": "hazesite.stored_files.WholeFiles"},
    "staticfiles": {"BACKEND": "hazesite.static_files.HashedFiles"},
}
if not (STATIC_ROOT / "staticfiles.json").exists() and "collectstatic" not in sys.argv:
    # A checkout where nothing was collected yet: serve the files from where they lie.
    STATIC_ROOT.mkdir(exist_ok=True)
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "uploads"
UNFOLD = THEME
FILE_UPLOAD_HANDLERS = ["hazesite.uploads.NamelessUploads"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # which paths may take more: hazesite/uploads.py
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- who may come in ---------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_ONLY_ADMIN_SITE = True  # the API has its own limits
AXES_ENABLED = RATELIMIT_ENABLE
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=10)
# Either: guesses come from many places, or at many names.
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "hazesite.ratelimits.household_of"
# A key of their own for tokens: what signs cookies must not sign bearers.
JWT_KEY = hmac.new(SECRET_KEY.encode(), b"hazesite.accounts.tokens", hashlib.sha256).hexdigest()
JWT_TTL = timedelta(days=JWT_TTL_DAYS)

_public = urlsplit(PUBLIC_URL)
PUBLIC_ORIGIN = f"{_public.scheme}://{_public.netloc}"
ALLOWED_HOSTS = [_public.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", *EXTRA_HOSTS]
if HOST not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
    ALLOWED_HOSTS.append(HOST)
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]
HTTPS = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # Strict would lose who comes back from Discord
if HTTPS:  # browsers take these names from this very host alone: no neighbour of ours sets our cookies
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_PROXY_SSL_HEADER = None  # the server itself reads X-Forwarded-Proto, from trusted proxies alone
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS and PRODUCTION else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # blob: for the pictures the chat page fetched with its token.
        "img-src": [SELF, "data:", "blob:", "https://cdn.discordapp.com"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

CORS_ALLOW_HEADERS = [
    "authorization", "content-type", "x-session-id", "x-platform", "x-app-version", "x-device-info",
    "x-request-id", "idempotency-key", "if-match",
]  # fmt: skip
CORS_EXPOSE_HEADERS = [
    "ETag", "Retry-After", "X-Request-ID", "X-Verification",
    "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
]  # fmt: skip
CORS_URLS_REGEX = r"^/(api|health)(/|$)"

# --- the API -----------------------------------------------------------------
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "hazesite.api.answer_errors",
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.Member"],
    "DEFAULT_RENDERER_CLASSES": ["hazesite.api.Json"],
    "DEFAULT_PARSER_CLASSES": ["hazesite.api.JsonBody"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "hazesite.api.AlwaysJson",
    "DEFAULT_SCHEMA_CLASS": "hazesite.schema.Operation",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "HazeBot API",
    "DESCRIPTION": "Support tickets of a Discord community as real-time conversations.",
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    # Two hundred calls drawn at once keep a browser busy for ten seconds.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # what is doubtful in a document is for its tests
    "ENUM_NAME_OVERRIDES": ENUM_NAMES,
    "PREPROCESSING_HOOKS": ["botconfig.schema.each_section"],
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api",
}
