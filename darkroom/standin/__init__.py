"""The local Bedrock: InvokeModel over HTTP as the real service, with pictures it draws itself."""
