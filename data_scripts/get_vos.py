"""Get VOS: `python data_scripts/get_vos.py --root data --archive FILE`.

Its authors give the file out at http://cvteam.net/projects/TIP18-VOS/VOS.html.
"""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "vos", *sys.argv[1:]])
