"""`darkroom up`: a Prefect server, a worker and all that they need, for as long as it runs."""
