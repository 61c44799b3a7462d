"""`python -m hayakoe_daemon` is the command `hayakoe-daemon`."""

from hayakoe_daemon.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
