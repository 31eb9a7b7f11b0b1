"""Put uv into a folder on a machine that has nothing but Python: no pip, no ensurepip, perhaps externally managed.

uv's wheel is an ordinary zip on the package index; its hash is checked against the index's own page.
"""

import hashlib
import io
import json
import os
import platform
import stat
import sys
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

INDEX = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"


def main(folder: Path) -> None:
    request = urllib.request.Request(
        f"{INDEX.rstrip('/')}/uv/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request) as answer:
        files = json.load(answer)["files"]
    wanted = _platform_tag()
    wheel = [
        file
        for file in files
        if file["filename"].endswith(".whl") and wanted(file["filename"]) and not file.get("yanked")
    ][-1]
    with urllib.request.urlopen(urljoin(request.full_url, wheel["url"])) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != wheel["hashes"]["sha256"]:
        sys.exit(f"{wheel['filename']}: wrong hash")
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(
            name for name in archive.namelist() if name.endswith("/scripts/uv") or name.endswith("/scripts/uv.exe")
        )
        target = folder / Path(name).name
        target.write_bytes(archive.read(name))
    target.chmod(target.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    print(f"{target}: {wheel['filename']}")


def _platform_tag():
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin":
        machine = "arm64" if machine == "aarch64" else machine
        return lambda name: "macosx" in name and machine in name
    return lambda name: "manylinux" in name and machine in name


if __name__ == "__main__":
    main(Path(sys.argv[1]))
