"""Memory of a compiled program: where values are written, and which share a buffer."""
