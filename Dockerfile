# One image; its commands are `serve` (the default: everything in one container), `prepare`, `web`, `worker`
# and `runbot`. It writes to /data and to nowhere else, so its file system may be read-only.
FROM python:3.12-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --require-hashes -r requirements.txt
ENV PATH=/opt/venv/bin:$PATH
COPY . .
# Compiled and collected here: what runs can write neither.
RUN DATA_DIR=/tmp/build python manage.py collectstatic --noinput \
    && python -m compileall -q /app /opt/venv/lib \
    && rm -rf /tmp/build

FROM python:3.12-slim-trixie
# For `manage.py backup` and `restore`, which want programs no older than the server: compose.yml has this one.
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client-17=17.* \
    && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN groupadd --system --gid 10001 hazebot \
    && useradd --system --uid 10001 --gid 10001 --home-dir /app --no-create-home hazebot \
    && install -d -o hazebot -g hazebot -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
# By number: Kubernetes sees only then that it is not root.
USER 10001:10001
ENV ENVIRONMENT=production HOST=0.0.0.0 API_PORT=5070 DATA_DIR=/data
VOLUME /data
EXPOSE 5070
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['API_PORT'] + '/health/live', timeout=2)"]
ENTRYPOINT ["python", "manage.py"]
CMD ["serve"]
