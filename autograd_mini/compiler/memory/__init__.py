"""Memory of a compiled program: what is written where, and which buffers are shared."""
