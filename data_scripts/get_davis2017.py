"""Get DAVIS 2017: `python data_scripts/get_davis2017.py --root data`."""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "davis2017", *sys.argv[1:]])
