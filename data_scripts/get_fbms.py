"""Get FBMS-59: `python data_scripts/get_fbms.py --root data`."""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "fbms", *sys.argv[1:]])
