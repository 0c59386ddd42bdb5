"""`python -m entrypoints.cli` is `kgl`: how the supervisor starts its children with its own interpreter."""

from entrypoints.cli.main import main

main()
