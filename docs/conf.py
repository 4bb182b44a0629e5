"""How Sphinx makes site/ (./dev docs): the pages of this directory, and a reference from the docstrings.

Nothing is fetched while it builds. The reference is written anew each time, into docs/reference/, where git
does not look.
"""

import importlib.metadata
import os  # noqa: TID251  # this is no part of the core

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "hocket"
author = "The hocket developers"
release = importlib.metadata.version(project)

extensions = [
    "myst_parser",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["reference/*/modules.rst"]  # index.md names the two packages itself
default_role = "code"  # docstrings are written with `single` backticks, as in Markdown
html_theme = "furo"
suppress_warnings = ["ref.python"]
html_show_copyright = False
html_title = f"hocket {release}"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# Each thing once, where it is written. The pages of packages know the variable, and not apidoc_automodule_options.
os.environ["SPHINX_APIDOC_OPTIONS"] = "members,show-inheritance,ignore-module-all"
apidoc_modules = [
    {"path": "../src/hocket", "destination": "reference/core/"},
    {"path": "../transports/hocket_io", "destination": "reference/transports/"},
]
apidoc_module_first = True
apidoc_separate_modules = True

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False


def setup(app: Sphinx) -> None:
    """Drawings are shown as their text: Pygments does not know their language."""
    app.add_lexer("mermaid", TextLexer)
