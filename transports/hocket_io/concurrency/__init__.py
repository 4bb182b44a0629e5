"""Tasks that end as they should: what asyncio and trio leave to whoever uses them."""
