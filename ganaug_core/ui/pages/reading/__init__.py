"""The Reading room page."""
