"""`python -m hocket`: the command line. The one module of the core package that knows where it lives."""

from hocket_io.cli import main

if __name__ == "__main__":
    main()
