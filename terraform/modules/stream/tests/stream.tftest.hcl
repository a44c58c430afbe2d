# The stream as asked for, and what AWS would refuse only at apply.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name = "sluicegate-events"
}

run "is_provisioned_with_one_shard_by_default" {
  command = plan

  assert {
    condition     = aws_kinesis_stream.this.name == "sluicegate-events" && aws_kinesis_stream.this.shard_count == 1
    error_message = "the stream must have the name given and one shard"
  }

  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "PROVISIONED"
    error_message = "the stream must be provisioned"
  }

  assert {
    condition     = aws_kinesis_stream.this.retention_period == 24
    error_message = "the stream must keep records for 24 hours"
  }

  assert {
    condition     = aws_kinesis_stream.this.enforce_consumer_deletion
    error_message = "the stream must be destroyable while consumers are registered"
  }

  assert {
    condition     = aws_kinesis_stream.this.encryption_type == "KMS" && aws_kinesis_stream.this.kms_key_id == "alias/aws/kinesis"
    error_message = "the stream must be encrypted with the key that AWS manages"
  }

  assert {
    condition     = output.customer_key_arn == null
    error_message = "the key that AWS manages is no customer key, and needs no permission"
  }
}

run "gives_no_shard_count_on_demand" {
  command = plan

  variables {
    mode = "ON_DEMAND"
  }

  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "ON_DEMAND" && aws_kinesis_stream.this.shard_count == null
    error_message = "an on-demand stream must be asked for without shards, which the provider refuses"
  }
}

run "passes_on_a_customer_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition     = aws_kinesis_stream.this.encryption_type == "KMS" && aws_kinesis_stream.this.kms_key_id == var.kms_key_arn
    error_message = "the stream must be encrypted with the key given"
  }

  assert {
    condition     = output.customer_key_arn == var.kms_key_arn
    error_message = "the roles must hear of a customer key"
  }
}
