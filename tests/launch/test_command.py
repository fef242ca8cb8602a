"""Which targets are not live in a terminal unless asked to be."""

from __future__ import annotations

import shlex

import pytest

from sigtrace.launch.command import is_quiet_by_default

QUIET = """
manage.py test
./manage.py test blog --parallel 2
manage.py --settings=config.ci test
python manage.py test
python -Wd -X dev manage.py test
-W error manage.py migrate
manage.py loaddata articles
src/manage_ci.py migrate
manage test
django-admin migrate --fake
-m django test
-m config migrate
-m pytest -x
-mpytest
-Bm pytest
python3.12 -m pytest
pytest -n 2
/venv/bin/pytest blog/tests.py
py.test
-m unittest
-m coverage run manage.py test
coverage run --source=. manage.py test
coverage run -m pytest
uv run pytest
uv run --with tblib manage.py test
poetry run python manage.py migrate
env DEBUG=1 pytest
tox -e py312
make test
gunicorn config.wsgi
-m gunicorn -w 2 config.wsgi
-m gunicorn.app.wsgiapp config.wsgi
opentelemetry-instrument gunicorn config.wsgi
newrelic-admin run-program uvicorn config.asgi:application
uvicorn --workers 2 config.asgi:application
daphne config.asgi:application
uwsgi --http :8000 --module config.wsgi
celery -A config worker
-m celery -A config worker -c 2
python -m celery -A config beat
manage.py celery worker
manage.py qcluster
manage.py rqworker default
rq worker
huey_consumer.py config.huey
dramatiq config.tasks
"""

LIVE = """
manage.py shell
manage.py shell -c "import celery"
manage.py runserver
./manage.py runserver --noreload 8000
python manage.py runserver
python -Wd manage.py runserver
django-admin shell
-m django runserver
-m IPython
uv run manage.py runserver
ddtrace-run python manage.py runserver
poetry run manage.py shell_plus
manage.py runserver_plus
manage.py createsuperuser
manage.py import test.csv
manage.py demo --against pytest
test.py
celery.py
script.py pytest
-c "import pytest"
python -c pytest
python
"""


@pytest.mark.parametrize("line", QUIET.strip().splitlines())
def test_runs_of_tests_migrations_and_workers_are_quiet(line: str) -> None:
    assert is_quiet_by_default(shlex.split(line))


@pytest.mark.parametrize("line", LIVE.strip().splitlines())
def test_what_a_person_looks_at_is_live(line: str) -> None:
    assert not is_quiet_by_default(shlex.split(line))
