"""Links: one connection of an agent to a hub, whatever it runs over. `open_link` opens the one a target asks for."""
