"""Every command of `opos`, found in its tree, in a real terminal, through pipes and with wrong files."""
