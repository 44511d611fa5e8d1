"""The Start page: what runs, what was made last, and one next step."""
