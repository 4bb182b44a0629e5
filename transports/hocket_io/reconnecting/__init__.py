"""The client's way over connections that may break: streams that were cut go on over the next one."""
