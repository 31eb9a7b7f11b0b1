"""What the command answers, several times in one process.

    python -m tests.nightly.said JSON

JSON: a list of commands, each a list of arguments. Reads WEIHU_HOME and WEIHU_DATABASE_URL. Prints a JSON list of what
each printed.
"""

import json
import sys

from click.testing import CliRunner

from weihu.cli import main


def said(arguments: list[str]) -> str:
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


if __name__ == "__main__":
    print(json.dumps([said(arguments) for arguments in json.loads(sys.argv[1])]))
