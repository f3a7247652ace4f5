"""Get DAVSOD: `python data_scripts/get_davsod.py --root data --archive FILE`.

Its authors give the file out at https://github.com/DengPingFan/DAVSOD.
"""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "davsod", *sys.argv[1:]])
