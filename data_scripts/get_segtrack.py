"""Get SegTrack v2: `python data_scripts/get_segtrack.py --root data`."""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "segtrack", *sys.argv[1:]])
