"""Requests nobody would think of, made from the published document."""
