"""All mutants."""

from mutants.mutant import Mutant
from mutants.tables import a2a, acp, agent, codec, framing, http, jsonrpc, log

__all__ = ["MUTANTS"]

MUTANTS: tuple[Mutant, ...] = (
    *framing.MUTANTS,
    *jsonrpc.MUTANTS,
    *codec.MUTANTS,
    *log.MUTANTS,
    *acp.MUTANTS,
    *a2a.MUTANTS,
    *http.MUTANTS,
    *agent.MUTANTS,
)
