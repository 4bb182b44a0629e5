"""A client that starts its agent as a child process and talks to it over stdin and stdout."""

from pathlib import Path

from hocket_io import Client

HELLO = Path(__file__).with_name("hello.py")

if __name__ == "__main__":
    with Client(f"stdio:python -m hocket pipe {HELLO}") as agent:
        for event in agent.stream("Ada"):
            print(event.text, end="", flush=True)
        print()
