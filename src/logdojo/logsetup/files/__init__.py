"""The log file and what becomes of it: appended to, rotated, compressed, kept.

handler      the handler of ``logging``: nothing it has taken is lost, nothing it does raises
appending    one write a line, to a file that keeps its mode; lines that were cut short are blanked
mending      where lines were cut short, and how they are blanked
rotation     when a file is full or its time is over, with many processes writing
outage       what could not be written: since when, why, how many
upkeep       a thread that mends, seals, compresses, encrypts and removes archives
compressing  an archive in its gzip form
disk         what a new form of a file owes the old one, and names that last
archives     how archives are named, listed in order and read
locks        shared by writers, exclusive for who changes an archive
"""
