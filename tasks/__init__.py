"""Prefect tasks: one file per mode, and the Pillow steps in `picture`."""
