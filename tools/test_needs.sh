#!/bin/sh
# What the tests need beyond Python: Chromium and fonts for Chinese, OpenMP, and PostgreSQL if it can be had.
set -eu
has_chromium() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
has_fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh | head -1)" ]; }
has_postgres() { ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null 2>&1; }
has_openmp() { python3 -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null; }
if has_chromium && has_fonts && has_postgres && has_openmp; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig postgresql libgomp1 >/dev/null
fi
has_chromium || { echo "The browser tests need Chromium: apt-get install chromium (as root)" >&2; exit 1; }
has_fonts || { echo "The browser tests need fonts for Chinese: apt-get install fonts-noto-cjk fontconfig (as root)" >&2; exit 1; }
has_openmp || { echo "LightGBM needs OpenMP: apt-get install libgomp1 (as root)" >&2; exit 1; }
has_postgres || echo "PostgreSQL's binaries are not here: the suite runs on SQLite only (apt-get install postgresql)" >&2
