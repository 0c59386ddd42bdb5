# One image for every process: `kgl serve`, `kgl consume`, `kgl migrate` are chosen by the command.
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/kgl
WORKDIR /source
# Dependencies first: they change less often than the code and keep their layer.
COPY requirements.lock ./
RUN /opt/kgl/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY application application
COPY adapters adapters
COPY entrypoints entrypoints
COPY migrations migrations
RUN /opt/kgl/bin/pip install --no-deps --no-build-isolation . \
    && /opt/kgl/bin/python -m compileall -q /opt/kgl/lib

FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="Knowledge Graph Lab" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 kgl \
    && useradd --uid 10001 --gid kgl --no-create-home --home-dir /data --shell /usr/sbin/nologin kgl \
    && install --directory --owner kgl --group kgl --mode 0700 /data
COPY --from=build /opt/kgl /opt/kgl
ENV PATH=/opt/kgl/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data
USER kgl
WORKDIR /data
VOLUME /data
EXPOSE 8000
# Requests in flight are answered on SIGTERM; `docker stop` must wait longer than SHUTDOWN_GRACE.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["kgl", "health"]
ENTRYPOINT ["kgl"]
CMD ["serve"]
