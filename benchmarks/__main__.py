"""Run every benchmark, print the table, and write it into README.md.

    make bench        or        .venv/bin/python -m benchmarks [--json] [NAME ...]

Exit code 1 if a bar was missed. With names only those are run, and README.md stays as it is.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.table import Line, machine, markdown, tell

ALL = ("start", "decode_and_save", "chain", "quota", "cached", "rows", "memory")
README = Path(__file__).with_name("README.md")
TABLE = "## Latest table\n"


def main() -> None:
    """Run what is asked for."""
    names = [each for each in sys.argv[1:] if each in ALL] or list(ALL)
    lines: list[Line] = []
    for name in names:
        sys.stderr.write(f"{name} ...\n")
        lines += importlib.import_module(f"benchmarks.{name}").measure()
    tell(lines, as_json="--json" in sys.argv[1:])
    if len(names) == len(ALL):
        kept = README.read_text("utf-8").partition(TABLE)[0]
        README.write_text(f"{kept}{TABLE}\n{machine()}\n\n{markdown(lines)}\n", "utf-8")
    sys.exit(any(line.kept is False for line in lines))


if __name__ == "__main__":
    main()
