"""Runs a notebook as Jupyter does, and prints what its cells print, as it comes: `play_notebook.py NOTEBOOK`."""

import sys

import nbformat
from nbclient import NotebookClient


class Player(NotebookClient):
    def output(self, outs, msg, display_id, cell_index):
        if msg["msg_type"] == "stream":
            print(msg["content"]["text"], end="", flush=True)
        return super().output(outs, msg, display_id, cell_index)


notebook = nbformat.read(sys.argv[1], as_version=4)
quietly = ["--log-level=ERROR"]  # that nothing is encrypted on the way to the kernel would be a warning
Player(notebook, kernel_name="python3", timeout=60, extra_arguments=quietly).execute()
