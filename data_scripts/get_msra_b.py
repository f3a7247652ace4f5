"""Get MSRA-B: `python data_scripts/get_msra_b.py --root data`."""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "msra-b", *sys.argv[1:]])
