"""Public on-demand prices of AWS in us-east-1 of November 2026, in dollars, before free tiers."""

from typing import Final

MILLION: Final = 1_000_000
GB: Final = 10**9

WRITE_UNITS_MILLION: Final = 0.625
READ_UNITS_MILLION: Final = 0.125
HTTP_REQUESTS_MILLION: Final = 1.00
LAMBDA_REQUESTS_MILLION: Final = 0.20
LAMBDA_GB_SECOND: Final = 0.0000133334
EVENTS_MILLION: Final = 1.00
SQS_REQUESTS_MILLION: Final = 0.40
SQS_FIFO_REQUESTS_MILLION: Final = 0.50
S3_PUTS_MILLION: Final = 5.00
S3_GETS_MILLION: Final = 0.40
LOGS_GB: Final = 0.50
LOGS_INFREQUENT_GB: Final = 0.25
# CloudWatch adds this to each event of a log.
LOG_EVENT_BYTES: Final = 26

# For each metric that an alarm reads.
ALARM_METRIC_MONTH: Final = 0.10
COMPOSITE_ALARM_MONTH: Final = 0.50
SECRET_MONTH: Final = 0.40
# Lambda polls an idle queue with five connections, each of which waits for 20 s.
IDLE_POLLS_MONTH: Final = 5 * 30 * 24 * 3600 // 20
