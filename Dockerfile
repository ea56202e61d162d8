# One image; its commands are `serve` (the default: everything in one container), `prepare`, `web` and `worker`.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --require-hashes -r requirements.txt

FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --home-dir /app hazebot && install -d -o hazebot /data
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY . .
RUN DATA_DIR=/tmp/build python manage.py collectstatic --noinput && rm -rf /tmp/build
USER hazebot
ENV ENVIRONMENT=production HOST=0.0.0.0 DATA_DIR=/data
VOLUME /data
EXPOSE 5070
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ.get(\"API_PORT\", 5070)}/health/live', timeout=2)"]
ENTRYPOINT ["python", "manage.py"]
CMD ["serve"]
