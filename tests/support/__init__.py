"""What the tests share: servers, databases, actors, factories."""
