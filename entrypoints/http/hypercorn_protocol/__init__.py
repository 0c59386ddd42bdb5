"""Beside Hypercorn's connection layer: a short path for plain HTTP/1.1 and WebSockets; the rest is its."""
