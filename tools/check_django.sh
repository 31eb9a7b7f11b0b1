#!/bin/sh
# Django's own checks in a throw-away home: as a bank would run it, behind a proxy that speaks HTTPS, and no model
# without its migration.
set -eu
home=$(mktemp -d /tmp/weihu-check-XXXXXX)
trap 'rm -rf "$home"' EXIT
trap 'exit 130' INT TERM
export WEIHU_HOME="$home" WEIHU_URL=https://weihu.bank.example DJANGO_SETTINGS_MODULE=weihu.workplace.settings
unset WEIHU_DATABASE_URL
weihu init >/dev/null
django-admin check --deploy --fail-level WARNING
django-admin makemigrations --check --dry-run
