"""Get DUTS: `python data_scripts/get_duts.py --root data`."""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "duts", *sys.argv[1:]])
