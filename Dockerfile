# The service in one container: the SIP front, the call workers, the reference ROCARS, the console.
#   docker build -t rocars-ivr .
#   docker run --network host rocars-ivr
# Host networking: a call needs its RTP ports, and behind Docker's NAT the far end would not find them.
FROM debian:12-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/rocars-ivr
COPY . .
RUN make setup \
    && apt-get purge -y --auto-remove gcc libc6-dev python3-dev \
    && useradd --system --home-dir /var/lib/rocars-ivr --create-home ivr \
    && rm -rf /var/lib/apt/lists/* /root/.cache

USER ivr
ENV PATH=/opt/rocars-ivr/.venv/bin:$PATH \
    ROCARS_IVR_NODE__DATA=/var/lib/rocars-ivr
VOLUME /var/lib/rocars-ivr
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s \
    CMD ["rocars-ivr", "health"]
ENTRYPOINT ["rocars-ivr"]
CMD ["serve"]
