"""What the drivers of all loops have in common; they are in `hocket_io.asyncio`, `.trio` and `.blocking`."""
