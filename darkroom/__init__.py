"""Everything that is known about making images on Amazon Bedrock, free of Prefect and boto3."""
