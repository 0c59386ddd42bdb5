"""Random sequences of changes, carried out on the model in memory and on Postgres, and compared."""
