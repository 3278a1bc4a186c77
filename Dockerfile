# Targets: api (no TensorFlow), worker (CPU), worker-gpu (brings CUDA).
#   docker build --target api --tag trainyard-api:0.2.0 .
# tests/test_containers.py and `make check` hold this file and docker-compose.yml to what they promise.

FROM python:3.11.15-slim-trixie AS base
ENV PATH=/opt/venv/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app

# -- dependencies: pinned and hashed, each set in a stage of its own ---------------------------------------------------

FROM base AS api-packages
COPY requirements/api.txt requirements.txt
RUN python -m venv /opt/venv && pip install --no-cache-dir --require-hashes -r requirements.txt

FROM base AS worker-packages
COPY requirements/worker.txt requirements.txt
RUN python -m venv /opt/venv && pip install --no-cache-dir --require-hashes -r requirements.txt

FROM base AS gpu-packages
COPY requirements/gpu.txt requirements.txt
RUN python -m venv /opt/venv && pip install --no-cache-dir --require-hashes -r requirements.txt

# -- the page in the browser ------------------------------------------------------------------------------------------

FROM node:24.19.0-trixie-slim AS page
WORKDIR /app/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --omit=dev
COPY web ./
RUN npm run build

# -- code: what the API and the workers share --------------------------------------------------------------------------

FROM base AS shared
# The uid is fixed, so that the API and every worker own the files of one store.
RUN groupadd --gid 10001 trainyard \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin trainyard \
    && install --directory --owner=trainyard --group=trainyard /var/lib/trainyard/store /datasets /models
ENV TRAINYARD_STORE_DIR=/var/lib/trainyard/store \
    DATASETS_DIR=/datasets \
    MODELS_DIR=/models \
    PYTHONPATH=/app
COPY settings.py standard_streams.py ./
COPY specs specs
COPY imaging imaging
COPY archives archives
COPY models_store models_store
COPY analysis analysis
COPY serving serving
VOLUME /var/lib/trainyard/store
USER 10001:10001
STOPSIGNAL SIGTERM

FROM shared AS api
COPY --from=api-packages /opt/venv /opt/venv
COPY api api
COPY --from=page /app/api/page/dist api/page/dist
EXPOSE 8000
# http.client, because urllib would ask a proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD python -c "\
from http.client import HTTPConnection; \
api = HTTPConnection('127.0.0.1', 8000, timeout=3); \
api.request('GET', '/health/live'); \
raise SystemExit(api.getresponse().status != 200)"
CMD ["python", "-m", "api.server", "--host", "0.0.0.0", "--port", "8000"]

FROM shared AS worker-code
# Keras writes its settings, and what DATASETS_DIR and MODELS_DIR lack, to KERAS_HOME.
ENV KERAS_HOME=/tmp/keras \
    TF_CPP_MIN_LOG_LEVEL=2
COPY worker worker
# Dead: Redis answers and knows no heartbeat of this container's worker. (Celery's own `inspect ping` needs its remote
# control, which is off.)
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["python", "-m", "worker.health"]
CMD ["celery", "-A", "worker.app", "worker", "-P", "prefork", "-c", "1", \
     "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]

FROM worker-code AS worker-gpu
COPY --from=gpu-packages /opt/venv /opt/venv

FROM worker-code AS worker
COPY --from=worker-packages /opt/venv /opt/venv
