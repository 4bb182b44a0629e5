"""What `hocket.testing` needs of the world: event loops whose clock jumps, and ways to reach what is tested."""
