"""Every Python process with this folder in PYTHONPATH runs our code with the probes that tools/probes.py prepared."""

import builtins
import marshal
import mmap
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "probes"
REACHED = FOLDER / "reached"
"""A byte for each probe, 1 if any process reached it: one mapped file, so that nothing need be written at an end."""
NAME = "__probes__"
"""What the bytes are called in the code."""


def kept(source: Path) -> Path:
    """Where a file's code with probes is kept."""
    return (FOLDER / source.relative_to(ROOT)).with_suffix(".code")


class Probed(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        return marshal.loads(kept(Path(self.path)).read_bytes())


class Finder:
    @staticmethod
    def find_spec(name: str, path: object, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] != "weihu":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.origin and Path(spec.origin).is_relative_to(ROOT) and kept(Path(spec.origin)).is_file():
            spec.loader = Probed(name, spec.origin)
        return spec


if __name__ == "sitecustomize" and REACHED.is_file():
    with REACHED.open("r+b") as reached:
        setattr(builtins, NAME, mmap.mmap(reached.fileno(), 0))
    sys.meta_path.insert(0, Finder)
