"""A home to land deliveries in, without a night around it."""

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from weihu.engine.lake import Home
from weihu.engine.landing.faults import DeliveryFault, DeliveryRefused
from weihu.engine.landing.land import Landed, land
from weihu.engine.landing.manifest import read_manifest
from weihu.engine.seal import Seal
from weihu.rules import rulebook


@dataclass(frozen=True)
class Landing:
    """Lands deliveries; ``earlier`` is the Parquet of what landed before them."""

    home: Home
    seal: Seal
    earlier: dict[str, Path] = field(default_factory=dict)

    def land(self, delivery: Path) -> Landed:
        """Check and keep a delivery; raises DeliveryRefused."""
        posts = list(rulebook.load("brief").posts)
        staging = self.home.staging("landing")
        return land(delivery, read_manifest(delivery), staging, self.earlier, posts, self.seal, self.home.spill)

    def faults(self, delivery: Path) -> list[DeliveryFault]:
        """What a delivery is refused for."""
        with pytest.raises(DeliveryRefused) as refused:
            self.land(delivery)
        return refused.value.faults

    def after(self, delivery: Path) -> "Landing":
        """The landing on the night after a delivery."""
        kept = self.land(delivery).folder.rename(self.home.root / "earlier")
        return replace(self, earlier={path.stem: path for path in kept.glob("*.parquet")})


@pytest.fixture
def landing(tmp_path) -> Landing:
    """A landing on the first night."""
    home = Home(tmp_path / "home")
    home.create()
    return Landing(home, home.seal)


@pytest.fixture
def delivery(deliveries, tmp_path) -> Path:
    """A copy of the first delivery, which has every file."""
    return Path(shutil.copytree(deliveries[0], tmp_path / "delivery"))
