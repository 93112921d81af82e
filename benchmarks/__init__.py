"""What `clawlocal bench` runs. Each benchmark prints one JSON value, from which the tables in the docs are made."""
