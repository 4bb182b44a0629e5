"""The examples, as modules."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name):
    """An example, imported and not run."""
    loader = SourceFileLoader(f"example_{name}", str(EXAMPLES / f"{name}.py"))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
