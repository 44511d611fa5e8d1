"""The Lecture page: ninety minutes, block by block."""
