"""What the gateway's access log tells of a request. Plain data: tests read it without the CDK."""

from __future__ import annotations

from typing import Final

ACCESS_LOG_FIELDS: Final = {
    "request_id": "$context.requestId",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "integration_status": "$context.integrationStatus",
    "integration_error": "$context.integrationErrorMessage",
    "authorizer_error": "$context.authorizer.error",
    "error": "$context.error.message",
    "response_bytes": "$context.responseLength",
}
