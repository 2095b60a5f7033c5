"""``python -m autograd_mini``: the command line; see `autograd_mini.cli`."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
