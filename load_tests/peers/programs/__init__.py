"""Servers that others made, as small programs; each takes the port of 127.0.0.1 to listen on."""
