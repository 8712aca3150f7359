"""Signed calls to the AWS services that a request waits for, without the SDK. Knows no loyalty."""
