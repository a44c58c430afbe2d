# A published function behind an alias, with what stacks outside of this repository have beside it: a policy of the
# account's own, policies of AWS's, a layer and tracing.

variable "zip" {
  type        = string
  description = "The function's code."
}

variable "architecture" {
  type        = string
  description = "The machine's own."
}

variable "greeting" {
  type        = string
  description = "Each value is a version."
}

variable "main_version" {
  type        = string
  description = "What the alias leads to."
}

variable "weights" {
  type        = map(number)
  description = "Another version, and its share of the batches."
}

resource "aws_kinesis_stream" "events" {
  name        = "versions"
  shard_count = 1
}

resource "aws_iam_role" "echo" {
  name = "versions"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_policy" "logs" {
  name        = "versions-logs"
  path        = "/versions/"
  description = "Writes the function's logs: ${var.greeting}."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Write"
      Effect   = "Allow"
      Action   = var.main_version == "1" ? ["logs:PutLogEvents"] : ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "*"
    }]
  })
  tags = { stack = "versions" }

  lifecycle {
    ignore_changes = [description]
  }
}

resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.echo.name
  policy_arn = aws_iam_policy.logs.arn
}

resource "aws_iam_role_policy_attachment" "aws" {
  for_each = toset(["service-role/AWSLambdaKinesisExecutionRole", "AWSXRayDaemonWriteAccess", "AmazonKinesisFullAccess"])

  role       = aws_iam_role.echo.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

# The role may make it too, and what a function makes stays behind.
resource "aws_cloudwatch_log_group" "echo" {
  name              = "/aws/lambda/versions"
  retention_in_days = 1
}

resource "aws_lambda_function" "echo" {
  function_name    = "versions"
  role             = aws_iam_role.echo.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  publish          = true
  layers           = ["arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsightsExtension:14"]

  environment {
    variables = { GREETING = var.greeting }
  }

  tracing_config {
    mode = "Active"
  }

  depends_on = [aws_cloudwatch_log_group.echo, aws_iam_role_policy_attachment.own, aws_iam_role_policy_attachment.aws]
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What the stream invokes."
  function_name    = aws_lambda_function.echo.function_name
  function_version = var.main_version

  # Neither AWS nor the emulator reads an empty block back.
  dynamic "routing_config" {
    for_each = length(var.weights) > 0 ? [var.weights] : []

    content {
      additional_version_weights = routing_config.value
    }
  }

  depends_on = [aws_lambda_function.echo]
}

resource "aws_lambda_event_source_mapping" "live" {
  event_source_arn  = aws_kinesis_stream.events.arn
  function_name     = aws_lambda_alias.live.arn
  starting_position = "TRIM_HORIZON"
}

resource "aws_lambda_permission" "gateway" {
  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.echo.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "arn:aws:execute-api:us-east-1:000000000000:api/*"
}

output "qualified_arn" {
  description = "The newest version's."
  value       = aws_lambda_function.echo.qualified_arn
}

output "function_arn" {
  description = "What the mapping invokes."
  value       = aws_lambda_event_source_mapping.live.function_arn
}
