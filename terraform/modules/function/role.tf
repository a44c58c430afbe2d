# The function's role: one statement for each hop that it serves, each on the one thing it concerns.

locals {
  statements = concat(
    [
      {
        Sid    = "ReadStream"
        Effect = "Allow"
        # Without ListStreams, which can only be granted on every stream and which the mapping does not use.
        Action = [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ]
        Resource = [var.stream.arn]
      },
      {
        Sid      = "SubscribeToShard"
        Effect   = "Allow"
        Action   = ["kinesis:SubscribeToShard"]
        Resource = [aws_kinesis_stream_consumer.this.arn]
      },
      {
        Sid      = "SendFault"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [local.dead_letter_queue_arn]
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] # the group's streams; their names are Lambda's
      },
    ],
    length(var.settings.connection_actions) == 0 ? [] : [{
      Sid      = "ManageConnections"
      Effect   = "Allow"
      Action   = ["execute-api:ManageConnections"]
      Resource = [for action in var.settings.connection_actions : "${var.api.stage_execution_arn}/${action}/@connections/*"]
    }],
    [for key in compact([var.stream.customer_key_arn]) : {
      Sid      = "DecryptRecord"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = [key]
    }],
    [for key in compact([var.queue_key_arn]) : {
      Sid      = "EncryptFault"
      Effect   = "Allow"
      Action   = ["kms:GenerateDataKey", "kms:Decrypt"] # SQS verifies the data key it gets
      Resource = [key]
    }],
  )
}

resource "aws_iam_role" "this" {
  name        = coalesce(var.role_name, "${var.name}-function")
  description = "The function ${var.name} reads its stream and answers its clients."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })

  # Under a new name, the function must have the new role before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "flow"
  role   = aws_iam_role.this.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
