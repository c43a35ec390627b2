#!/usr/bin/env bash
# Tests the dashboard: its types, its units, and all of it in a headless Chromium over real engines.
# Needs node, npm, chromium and a built engine (cargo build -p engine).
#
#   UPDATE_SCREENSHOTS=1 ./scripts/dashboard.sh    renews the pictures of docs/images
set -euo pipefail
cd "$(dirname "$0")/../dashboard"

npm ci --no-audit --no-fund --loglevel=error
npm ci --prefix types --no-audit --no-fund --loglevel=error
npm run --silent --prefix types check # renewed by: npm run --prefix dashboard/types generate
npm run --silent check
npm run --silent test:unit
npm run --silent test:browser
