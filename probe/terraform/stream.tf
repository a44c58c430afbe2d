# The stream that template questions are answered through, and the role that puts into it.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

locals {
  # A stream that nobody makes: what a route to it answers is a question.
  missing_stream = "${var.prefix}-missing"
  missing_arn    = replace(aws_kinesis_stream.this.arn, "/${aws_kinesis_stream.this.name}$/", local.missing_stream)
  put_record_uri = "arn:${data.aws_partition.current.partition}:apigateway:${data.aws_region.current.name}:kinesis:action/PutRecord"
}

resource "aws_kinesis_stream" "this" {
  name                      = var.prefix
  shard_count               = 1
  retention_period          = 24
  enforce_consumer_deletion = true

  stream_mode_details {
    stream_mode = "PROVISIONED"
  }
}

resource "aws_iam_role" "integration" {
  name = "${var.prefix}-integration"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "integration" {
  name = "put-record"
  role = aws_iam_role.integration.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "kinesis:PutRecord"
      Resource = [aws_kinesis_stream.this.arn, local.missing_arn]
    }]
  })
}
