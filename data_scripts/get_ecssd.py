"""Get ECSSD: `python data_scripts/get_ecssd.py --root data`."""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "ecssd", *sys.argv[1:]])
