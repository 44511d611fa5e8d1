"""What several pages use: choosers, messages and jobs, text, figures, own components."""
