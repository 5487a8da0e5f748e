# The gateway: adapters, journal, rules, console and uplink in one process.
#   docker run -v campus-data:/data -v ./config:/config:ro -p 1883:1883 -p 8883:8883 -p 8443:8443 campus-gateway

FROM node:24-bookworm-slim AS build
# sqlite3 compiles from source, against the headers that the image carries.
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ make python3 \
 && rm -rf /var/lib/apt/lists/*
ENV npm_config_nodedir=/usr/local
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build \
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf dist/test

FROM node:24-bookworm-slim
ENV NODE_ENV=production
# Live view and pictures of alarms; without it the gateway runs, and says so where a picture should be. The font is for
# the viewers' names in watermarks.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg fonts-wqy-microhei \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
# Profiles, schemas and examples are data beside the compiled program.
COPY --from=build /app/contract contract
COPY --from=build /app/device-profiles device-profiles
COPY --from=build /app/config config
COPY --from=build /app/dist dist
RUN install -d -o node -g node /data
USER node
VOLUME /data
# MQTT, MQTT over TLS, console
EXPOSE 1883 8883 8443
# The console's certificate is the site's own, so the probe on loopback does not verify it.
ENV HEALTH_URL=https://127.0.0.1:8443/healthz
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "process.env.NODE_TLS_REJECT_UNAUTHORIZED='0'; process.removeAllListeners('warning'); fetch(process.env.HEALTH_URL).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=64", "dist/edge/main.js", "start", "--config", "/config/edge.yaml"]
