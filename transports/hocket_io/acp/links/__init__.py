"""Links: one connection of an agent to a hub, whatever it runs over. `open.open_link` opens what a target asks for."""
