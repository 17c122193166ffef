"""What tests of all rooms stand on: a real database per test, people with roles, a real server, a real browser."""
