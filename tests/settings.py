"""The workplace's settings for a test run: a root folder that its processes share, a home and a database for each.

The home is made here, before Django reads it; tests/bank.py fills the database.
"""

import os
import shutil
import tempfile
from pathlib import Path

# the first process of the run makes the root, xdist's workers inherit its name
ROOT = Path(os.environ.get("WEIHU_TESTS") or tempfile.mkdtemp(prefix="weihu-tests-"))
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["WEIHU_TESTS"] = str(ROOT)
os.environ["WEIHU_HOME"] = str(ROOT / PROCESS)
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the tests' thread

from weihu.engine.lake import Home  # noqa: E402
from weihu.rules import rulebook  # noqa: E402

if PROCESS == "main":
    Home(ROOT / PROCESS).create()
    shutil.copy(rulebook.BOOKS / "brief.toml", ROOT / PROCESS / "rulebook.toml")
else:  # the same secrets: what one process has sealed, all can open
    shutil.copytree(ROOT / "main", ROOT / PROCESS, dirs_exist_ok=True)

from weihu.workplace.settings import *  # noqa: E402, F403
from weihu.workplace.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # a file, as in a branch: a browser's requests come several at once, each on a connection of its own
    DATABASES["default"]["NAME"] = str(ROOT / PROCESS / "weihu.sqlite3")
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
else:
    DATABASES["default"]["NAME"] = f"weihu_tests_{PROCESS}"

# a password is hashed as fast as it can be: tests sign in often
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# each test's browser loads the middleware anew: it should not read a thousand static files' headers first
WHITENOISE_AUTOREFRESH = True
