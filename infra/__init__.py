"""The deployment as code: two stacks, made of one construct per capability."""
