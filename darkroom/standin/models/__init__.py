"""One file per model or group of modes; a new file here is all that a new one takes.

A file has `MODELS`, the rows it adds, or `MODES`, what those rows or the rows of other files can
do, or both.
"""
