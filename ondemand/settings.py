"""All settings. The environment decides (ONDEMAND_ENV, not DEBUG); what is wrong stops the start."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from ondemand.env import Env, WrongSetting

ROOT = Path(__file__).resolve().parent.parent
env = Env()

# Where this runs

ONDEMAND_ENV = env.choice("ONDEMAND_ENV", ("demo", "test", "production"), "demo")
PRODUCTION = ONDEMAND_ENV == "production"
DEBUG = False
ZONE = env.choice("ONDEMAND_ZONE", ("EU", "US"), "EU")
ZONE_TIME_ZONE = {"EU": "Europe/Madrid", "US": "America/New_York"}[ZONE]
ZONE_CURRENCY = {"EU": "EUR", "US": "USD"}[ZONE]
BEHIND_PROXY = env.flag("BEHIND_PROXY", False)
WEB = ("https",) if PRODUCTION else ("https", "http")
ONDEMAND_URL = env.url("ONDEMAND_URL", "" if PRODUCTION else "http://localhost:8000", WEB)
PEER_URL = env.url("ONDEMAND_PEER_URL", "", WEB)
PEER_SECRET = env.text("ONDEMAND_PEER_SECRET")
SECRET_KEY = env.text("SECRET_KEY", "" if PRODUCTION else "demo-only-" + "x" * 50)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver")
if len(SECRET_KEY) < 50:
    raise WrongSetting("SECRET_KEY", SECRET_KEY, "at least 50 random characters are needed")
if not ALLOWED_HOSTS:
    raise WrongSetting("ALLOWED_HOSTS", "", "name the hosts that this portal answers to, separated by commas")
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise WrongSetting("ALLOWED_HOSTS", "*", "name the hosts: a mailed link begins with the one that was asked for")
if not ONDEMAND_URL:
    raise WrongSetting("ONDEMAND_URL", "", "the portal's own address is needed, for links in mails")
if PEER_URL and len(PEER_SECRET) < 32:
    raise WrongSetting("ONDEMAND_PEER_SECRET", PEER_SECRET, "at least 32 characters are needed where a peer is set")

# Rows, messages, mails

DATABASES = {
    "default": env.database("DATABASE_URL"),
    "cache": env.database("DATABASE_CACHE_URL", env.text("DATABASE_URL")),
}
DATABASE_ROUTERS = ["ondemand.routers.CacheRouter"]
OWNER_DATABASE = env.database("DATABASE_OWNER_URL", env.text("DATABASE_URL"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"}
}  # in the database, so that rate limits hold when Redis is down
REDIS_URL = env.url("REDIS_URL", "redis://localhost:6379/0", ("redis", "rediss", "unix"))
_EMAIL = urlsplit(env.url("EMAIL_URL", "" if PRODUCTION else "file:///tmp/ondemand-mail", ("smtp", "smtps", "file")))
if PRODUCTION and _EMAIL.scheme not in ("smtp", "smtps"):
    raise WrongSetting("EMAIL_URL", _EMAIL.geturl(), "an address like smtps://user:password@host:465 is needed")
EMAIL_BACKEND = f"django.core.mail.backends.{'filebased' if _EMAIL.scheme == 'file' else 'smtp'}.EmailBackend"
EMAIL_FILE_PATH = _EMAIL.path
EMAIL_HOST, EMAIL_PORT = _EMAIL.hostname or "", _EMAIL.port or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _EMAIL.username or "", _EMAIL.password or ""
EMAIL_USE_SSL, EMAIL_TIMEOUT = _EMAIL.scheme == "smtps", 10
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "Openbravo On Demand <ondemand@openbravo.example>")

# Stripe and the instances

STRIPE_MODE = env.choice("STRIPE_MODE", ("standin", "test", "live"), "live" if PRODUCTION else "standin")
STRIPE_API_BASE = env.url(
    "STRIPE_API_BASE",
    "http://127.0.0.1:12111" if STRIPE_MODE == "standin" else "https://api.stripe.com",
    ("https", "http"),
)
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", "sk_test_standin")
STRIPE_READ_SECONDS = 20
STRIPE_CALLS_PER_SECOND = env.number("STRIPE_CALLS_PER_SECOND", 0 if STRIPE_MODE == "standin" else 3, 0, 100)
STRIPE_RETRIES = 2  # of the library, each under the same idempotency key
STRIPE_WEBHOOK_SECRETS = env.words("STRIPE_WEBHOOK_SECRET")  # two during a rotation
STRIPE_CONNECT_WEBHOOK_SECRETS = env.words("STRIPE_CONNECT_WEBHOOK_SECRET")
STRIPE_HOSTED = env.words(
    "STRIPE_HOSTED", "https://checkout.stripe.com,https://billing.stripe.com,https://connect.stripe.com"
)
_stripe_host = urlsplit(STRIPE_API_BASE).hostname
if STRIPE_MODE == "standin" and (PRODUCTION or _stripe_host not in ("127.0.0.1", "localhost")):
    raise WrongSetting("STRIPE_API_BASE", STRIPE_API_BASE, "the stand-in answers on loopback only, never in production")
if STRIPE_MODE == "standin":
    STRIPE_HOSTED = [STRIPE_API_BASE]
if STRIPE_MODE != "standin" and not STRIPE_API_BASE.startswith("https:"):
    raise WrongSetting("STRIPE_API_BASE", STRIPE_API_BASE, "Stripe itself is reached by https")
if not STRIPE_SECRET_KEY.startswith("sk_live_" if STRIPE_MODE == "live" else "sk_test_"):
    raise WrongSetting("STRIPE_SECRET_KEY", "", f"STRIPE_MODE={STRIPE_MODE} needs a key of that mode")
# Which job an event about an object wakes; of other objects events are stored and need nobody.
STRIPE_WAKES = {
    "customer": "customers.tasks.take_events",
    "subscription": "customers.tasks.take_events",
    "invoice": "customers.tasks.take_events",
    "refund": "customers.tasks.take_events",
    "credit_note": "customers.tasks.take_events",
    "dispute": "customers.tasks.take_events",
    "checkout.session": "signup.tasks.take_events",
}
STRIPE_CONNECT_WAKES = {"account": "payments.tasks.take_events"}  # the same of the partners' accounts
PROVISIONER = env.choice("PROVISIONER", ("local",), "local")
PARK_URL = env.url("PARK_URL", "" if PRODUCTION else "http://127.0.0.1:9100", WEB)
PARK_SECRET = env.text("PARK_SECRET", "" if PRODUCTION else "park-demo-secret")
SUSPEND_UNPAID = env.flag("SUSPEND_UNPAID", True)
COMMISSION_RATE = env.number("COMMISSION_RATE", 2000, 0, 10_000)  # basis points, of standard terms
COMMISSION_HOLD_DAYS = env.number("COMMISSION_HOLD_DAYS", 30, 0, 365)
PAYMENT_MINIMUM = env.number("PAYMENT_MINIMUM", 5000, 1, 10_000_000)  # minor units
BOOT_DEADLINE_SECONDS = env.number("BOOT_DEADLINE_SECONDS", 900, 10, 86_400)
SIGNUP_SECONDS_MINIMUM = env.number("SIGNUP_SECONDS_MINIMUM", 0 if ONDEMAND_ENV == "test" else 3, 0, 60)
# Why a sign-up is held for review. Stripe's test cards are everybody's, and most of them American.
REVIEW_RULES = env.some_of(
    "REVIEW_RULES",
    ("risk", "country", "disposable", "card", "own", "many"),
    "risk,country,disposable,card,own,many" if STRIPE_MODE == "live" else "risk,disposable,own,many",
)
HEARTBEAT_URL = env.url("HEARTBEAT_URL", f"{ONDEMAND_URL}/api/instances/heartbeat", WEB) + "/"

# Django

INSTALLED_APPS = [
    "allauth",  # before our own, whose admin takes the place of some of allauth's
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "ondemand.apps.OndemandConfig",
    "partners",
    "customers",
    "instances",
    "signup",
    "commissions",
    "payments",
    "ondemand.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",  # before what answers for files: a drawing can carry a script
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ondemand.access.ended.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ondemand.second_factor.SecondFactorMiddleware",
    "ondemand.middleware.TenantMiddleware",  # innermost
]
ROOT_URLCONF = "ondemand.urls"
WSGI_APPLICATION = "ondemand.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ondemand.context.shell",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(ROOT / ".static")))
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
USE_TZ, TIME_ZONE, USE_I18N = True, ZONE_TIME_ZONE, True
LANGUAGE_CODE, LANGUAGES, LOCALE_PATHS = "en", [("en", _("English")), ("es", _("Spanish"))], [ROOT / "locale"]

# People

AUTH_USER_MODEL = "ondemand.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
    if ONDEMAND_ENV == "test"
    else "django.contrib.auth.hashers.PBKDF2PasswordHasher"
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL, LOGIN_REDIRECT_URL = "account_login", "home"
ACCOUNT_ADAPTER = "ondemand.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"reset_password_from_key": "ondemand.passwords.MailedPasswordForm"}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody can have us mail a stranger
ACCOUNT_CHANGE_EMAIL = True  # one address each: a new one counts once it is confirmed, and replaces the old one
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
SECOND_FACTOR_REQUIRED = PRODUCTION  # of staff, and of a partner's owner and finance; offered to all
MFA_ADAPTER = "ondemand.second_factor.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_FORMS = {
    "add_webauthn": "ondemand.passkeys.AddPasskeyForm",
    "authenticate_webauthn": "ondemand.passkeys.AuthenticatePasskeyForm",
    "login_webauthn": "ondemand.passkeys.LoginPasskeyForm",
    "reauthenticate_webauthn": "ondemand.passkeys.ReauthenticatePasskeyForm",
}
MFA_TOTP_ISSUER = f"Openbravo On Demand {ZONE}"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ENGINE = "ondemand.sessions"
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)  # its limits count by the address that the proxy appended

# Headers and cookies. A cookie's name carries the zone: cookies ignore ports.

_host_prefix = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{_host_prefix}ondemand_{ZONE.lower()}_session"
CSRF_COOKIE_NAME = f"{_host_prefix}ondemand_{ZONE.lower()}_csrf"
LANGUAGE_COOKIE_NAME = f"ondemand_{ZONE.lower()}_language"
THEME_COOKIE_NAME = f"ondemand_{ZONE.lower()}_theme"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "ondemand.errors.csrf_failure"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_CONTENT_TYPE_NOSNIFF, SECURE_REFERRER_POLICY = True, "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *STRIPE_HOSTED],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
SECURITY_CONTACT = env.text("SECURITY_CONTACT", "mailto:security@openbravo.example")
FORMS_URLFIELD_ASSUME_HTTPS = True

# Workers

_redis, _number = (REDIS_URL + "?db=").split("?db=")[:2]
CELERY_BROKER_URL = (
    f"{_redis.replace('unix:', 'redis+socket:')}?virtual_host={_number or 0}"
    if REDIS_URL.startswith("unix:")
    else REDIS_URL
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT, CELERY_TASK_SOFT_TIME_LIMIT = 600, 540
CELERY_TASK_ANNOTATIONS = {
    f"{app}.tasks.compare": {"time_limit": 3 * 3600, "soft_time_limit": 3 * 3600 - 60}
    for app in ("customers", "instances", "payments")
}  # every call to Stripe waits for its turn
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_ACCEPT_CONTENT, CELERY_TASK_SERIALIZER = ["json"], "json"
CELERY_TASK_ROUTES = {
    "ondemand.tasks.*": {"queue": "webhooks"},
    "ondemand.personal.tasks.*": {"queue": "webhooks"},
    "customers.tasks.*": {"queue": "webhooks"},
    "signup.tasks.*": {"queue": "provisioning"},
    "instances.tasks.*": {"queue": "provisioning"},
    "partners.tasks.*": {"queue": "provisioning"},
    "commissions.tasks.*": {"queue": "money"},
    "payments.tasks.*": {"queue": "money"},
}
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 30, 1, 3600)
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": float(SWEEP_SECONDS * times), "options": {"expires": SWEEP_SECONDS * times}}
    for name, times in {
        "ondemand.tasks.sweep": 1,
        "ondemand.tasks.poll_events": 20,
        "ondemand.tasks.forget": 2880,
        "ondemand.personal.tasks.sweep": 20,
        "partners.tasks.sweep": 1,
        "customers.tasks.sweep": 1,
        "customers.tasks.preview": 1,
        "customers.tasks.warn": 1,
        "signup.tasks.sweep": 1,
        "instances.tasks.sweep": 1,
        "instances.tasks.dun": 1,
        "instances.tasks.wind_up": 1,
        "instances.tasks.warn": 1,
        "commissions.tasks.accrue": 1,
        "payments.tasks.sweep": 1,
        "payments.tasks.draft": 120,
        "customers.tasks.compare": 120,
        "instances.tasks.compare": 120,
        "payments.tasks.compare": 120,
    }.items()
}
CELERY_TASK_DEFAULT_QUEUE = "webhooks"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "visibility_timeout": 700,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "stripe": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
