"""The pytest plugin of hocket: `pytest --hocket-agent FILE:NAME`. It imports hocket only when it is used."""
