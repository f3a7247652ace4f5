"""Get HKU-IS: `python data_scripts/get_hku_is.py --root data --archive FILE`.

Its authors give the file out at https://i.cs.hku.hk/~gbli/deep_saliency.html.
"""

import sys

from rcrlib.cli import main

if __name__ == "__main__":
    main(["data", "get", "hku-is", *sys.argv[1:]])
