# Functions: one that reads the stream, one that decides who may connect, and on AWS one that is slow. One script.

locals {
  functions = merge(
    { reader = {}, authorizer = {} },
    var.lambda_integration ? { slow = { SECONDS_TO_ANSWER = "3" } } : {},
  )
}

resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name    = "${var.prefix}-${each.key}"
  role             = aws_iam_role.function.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  memory_size      = 128
  timeout          = 10

  environment {
    variables = merge({ SECONDS_TO_ANSWER = "0" }, each.value)
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.function]
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.functions

  name              = "/aws/lambda/${var.prefix}-${each.key}"
  retention_in_days = 1
}

resource "aws_kinesis_stream_consumer" "this" {
  name       = "${var.prefix}-reader"
  stream_arn = aws_kinesis_stream.this.arn
}

# Ten partition queues and no end of retries: a record that fails is tried while others are looked for.
resource "aws_lambda_event_source_mapping" "this" {
  function_name                 = aws_lambda_function.this["reader"].arn
  event_source_arn              = aws_kinesis_stream_consumer.this.arn
  starting_position             = "TRIM_HORIZON"
  batch_size                    = 1
  parallelization_factor        = 10
  maximum_record_age_in_seconds = 600
}

resource "aws_iam_role" "function" {
  name = "${var.prefix}-function"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  name = "read-and-log"
  role = aws_iam_role.function.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ]
        Resource = aws_kinesis_stream.this.arn
      },
      {
        Effect   = "Allow"
        Action   = "kinesis:SubscribeToShard"
        Resource = aws_kinesis_stream_consumer.this.arn
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"]
      },
    ]
  })
}
