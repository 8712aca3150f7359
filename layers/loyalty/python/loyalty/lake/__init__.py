"""The lake: facts as objects in a bucket, and the reports that read them."""
