"""The CDK's feature flags, all stated, so that an upgrade of the CDK changes no template by itself.

`feature_flags.json` has what the CDK recommends to a new app. After an upgrade a test names the
flags that are new.
"""

from __future__ import annotations

import json
from pathlib import Path

# Where we do not follow the recommendation.
OURS = {
    # A statement for each reason stays readable, and tests compare them.
    "@aws-cdk/aws-iam:minimizePolicies": False,
    # A stack reads another stack's output only while it deploys. An export that is imported could
    # be neither changed nor removed.
    "@aws-cdk/core:defaultCrossStackReferences": "weak",
}

# Passed to the app and not in cdk.json, so that `python app.py` and the CDK CLI agree.
FEATURE_FLAGS = {
    **json.loads(Path(__file__).with_name("feature_flags.json").read_text(encoding="utf-8")),
    **OURS,
}
