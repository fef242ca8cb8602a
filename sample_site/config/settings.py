"""Settings of the sample site, which runs as it stands, without a server or a secret.

Environment variables:

``SAMPLE_SITE_DB``
    Path of the SQLite file; ``db.sqlite3`` beside ``manage.py`` by default.
``SAMPLE_SITE_POSTGRES``
    ``1`` uses PostgreSQL (needs psycopg) instead of SQLite. ``PGHOST``, ``PGPORT``, ``PGUSER``,
    ``PGPASSWORD`` and ``PGDATABASE`` (default ``sample_site``) say where it is.
``SAMPLE_SITE_DEBUG``
    ``1`` switches Django's ``DEBUG`` on.
``SAMPLE_SITE_LOG_LEVEL``
    ``INFO`` shows on stderr what the receivers say; ``WARNING`` by default.
"""

from __future__ import annotations

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "the sample site keeps no secrets"
DEBUG = os.environ.get("SAMPLE_SITE_DEBUG") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "blog",
    "audit",
]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

if os.environ.get("SAMPLE_SITE_POSTGRES") == "1":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ.get("PGDATABASE", "sample_site"),
            "HOST": os.environ.get("PGHOST", ""),
            "PORT": os.environ.get("PGPORT", ""),
            "USER": os.environ.get("PGUSER", ""),
            "PASSWORD": os.environ.get("PGPASSWORD", ""),
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ.get("SAMPLE_SITE_DB") or BASE_DIR / "db.sqlite3",
        }
    }

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {
        "blog": {
            "handlers": ["stderr"],
            "level": os.environ.get("SAMPLE_SITE_LOG_LEVEL", "WARNING"),
        },
    },
}
