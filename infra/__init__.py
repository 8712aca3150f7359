"""The deployment as code: three stacks, with one construct for each capability."""
