"""The workplace's settings with a home of its own for every test process, made before Django reads it."""

import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(tempfile.mkdtemp(prefix="weihu-tests-"))
os.environ["WEIHU_HOME"] = str(ROOT / "home")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the tests' thread

from weihu.engine.lake import Home  # noqa: E402
from weihu.rules import rulebook  # noqa: E402

Home(ROOT / "home").create()
shutil.copy(rulebook.BOOKS / "brief.toml", ROOT / "home" / "rulebook.toml")

from weihu.workplace.settings import *  # noqa: E402, F403

# a password is hashed as fast as it can be: tests sign in often
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
