"""Reception (接待): whoever of the branch comes to the counter, on a service card for some minutes."""
