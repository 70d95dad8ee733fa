"""Copies of a project, so that no file of the user's is touched.

``root``         which folder is the project
``tree``         what belongs to it, and what is used in place
``fingerprint``  proof that none of it was changed
``scratch``      a folder for copies, and its end
``duplicate``    a copy of everything: shared blocks where the disk can, else bytes up to a limit
``clone``        one file
``repository``   a git repository of the copy's own
``revision``     a copy taken back to a revision
``overlay``      other files put into a copy
"""
