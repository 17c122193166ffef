"""Room `admission`: the doors of the house. Who may make an account, by which door, and what they are asked for.

Makes no account itself: `accounts` does, `people` asks here first. Never holds an address.
"""
