"""Who may enter: accounts, passwords, sessions, tokens and roles.

Owns every credential. Never knows a person's public face (room `people`) and never sends a secret back that it
handed out once.
"""
