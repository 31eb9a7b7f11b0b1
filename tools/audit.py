"""Known vulnerabilities of what the lock files name: Python's by pip-audit, JavaScript's by npm audit.

    python3 tools/audit.py [UV]

Exits 1 when a vulnerability is known. Where no source of vulnerabilities answers (a registry that serves packages only,
or no network) it prints that the audit was not made and exits 0: a lack of network is no fault of a change.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Verdict:
    """What one audit says: the vulnerabilities, how many packages were looked up, and which could not be."""

    vulnerable: list[str] = field(default_factory=list)
    audited: int = 0
    unknown: list[str] = field(default_factory=list)

    def lines(self, name: str) -> list[str]:
        """The verdict in words; an audit that looked nothing up is never told as one that found nothing."""
        if not self.audited:
            return [f"{name}: no vulnerability source reachable: audit not made"]
        lines = [f"{name}: {self.audited} packages audited, {len(self.vulnerable)} vulnerabilities known"]
        if self.unknown:
            lines.append(f"{name}: not audited, no source knows them: {', '.join(self.unknown)}")
        return lines + [f"  {text}" for text in self.vulnerable]


def of_pip_audit(output: str) -> Verdict:
    """The verdict in pip-audit's JSON; it passes over a package that its source does not know, with a reason."""
    packages = _json(output).get("dependencies", [])
    known = [package for package in packages if "skip_reason" not in package]
    return Verdict(
        [
            f"{package['name']} {package['version']}: {entry['id']}, fixed in {', '.join(entry['fix_versions']) or 'no version'}"
            for package in known
            for entry in package["vulns"]
        ],
        len(known),
        [package["name"] for package in packages if "skip_reason" in package],
    )


def of_npm_audit(output: str) -> Verdict:
    """The verdict in npm's JSON; without an answer of the registry it has no metadata."""
    answer = _json(output)
    if "metadata" not in answer:
        return Verdict()
    vulnerable = [f"{name}: {entry['severity']}" for name, entry in answer["vulnerabilities"].items()]
    return Verdict(vulnerable, answer["metadata"]["dependencies"]["total"])


def _json(output: str) -> dict:
    try:
        answer = json.loads(output)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def main(uv: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/requirements.txt"
        subprocess.run(
            [uv, "export", "--quiet", "--locked", "--no-emit-project", "--output-file", file],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        audit = [uv, "run", "--quiet", "--isolated", "--locked", "--only-group", "audit", "pip-audit"]
        python = of_pip_audit(
            _output(*audit, "--requirement", file, "--disable-pip", "--require-hashes", "--timeout", "10",
                    "--progress-spinner", "off", "--format", "json")
        )  # fmt: skip
    npm = ["npm"] if shutil.which("npm") else [uv, "run", "--quiet", "--no-dev", "--group", "node", "npm"]
    script = of_npm_audit(_output(*npm, "audit", "--json"))
    print("\n".join(python.lines("pip-audit") + script.lines("npm audit")))
    return 1 if python.vulnerable or script.vulnerable else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "uv"))
