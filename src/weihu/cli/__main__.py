"""``python -m weihu.cli``."""

from weihu.cli import main

main()
