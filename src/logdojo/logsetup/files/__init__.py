"""The log file and what becomes of it: appended to, rotated, compressed, kept.

archives    how a log's archives are named, listed in order and read, whatever form they are kept in
"""
