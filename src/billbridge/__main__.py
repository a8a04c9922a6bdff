"""`python -m billbridge`."""

from billbridge.cli import main

if __name__ == "__main__":
    main()
