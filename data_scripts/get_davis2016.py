"""Get DAVIS 2016: `python data_scripts/get_davis2016.py --root data`."""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "davis2016", *sys.argv[1:]])
