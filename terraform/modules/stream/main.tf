# The stream between the gateway and the functions.

resource "aws_kinesis_stream" "this" {
  name             = var.name
  shard_count      = var.mode == "PROVISIONED" ? var.shard_count : null
  retention_period = var.retention_hours
  encryption_type  = "KMS"
  kms_key_id       = var.kms_key_arn

  # Without it a stream cannot be destroyed while a consumer is registered, even one that is being removed.
  enforce_consumer_deletion = true

  stream_mode_details {
    stream_mode = var.mode
  }

  tags = var.tags
}
