"""Files as libcst reads them: whatever version of Python they are written for, and every place in the text."""
