"""`python -m rcrlib` is `rcr`: what `torchrun -m rcrlib ...` needs."""

from rcrlib.cli import main

if __name__ == "__main__":
    main()
