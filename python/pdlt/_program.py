"""The command `pdlt` of an installed wheel: the program that lies in it."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Becomes bin/pdlt beside this file, with the same arguments."""
    program = Path(__file__).resolve().parent / "bin" / "pdlt"
    try:
        os.execv(program, [str(program), *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"pdlt: {program}: {error.strerror}; this package was installed without the program")
