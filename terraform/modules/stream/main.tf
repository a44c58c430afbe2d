# The stream between the gateway and the functions.

locals {
  encrypted = var.kms_key_arn != null
}

resource "aws_kinesis_stream" "this" {
  #checkov:skip=CKV_AWS_43:encryption is the caller's choice (kms_key_arn); with a key every PutRecord is a paid KMS use.
  #checkov:skip=CKV_AWS_185:the caller may give a customer key, or alias/aws/kinesis.
  name             = var.name
  shard_count      = var.mode == "PROVISIONED" ? var.shard_count : null
  retention_period = var.retention_hours
  encryption_type  = local.encrypted ? "KMS" : "NONE"
  kms_key_id       = var.kms_key_arn

  # Without it a stream cannot be destroyed while a consumer is registered, even one that is being removed.
  enforce_consumer_deletion = true

  stream_mode_details {
    stream_mode = var.mode
  }
}
