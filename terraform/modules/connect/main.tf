# The function that answers handshakes whose token is in the subprotocol: its code, its role and its logs.

locals {
  package   = "${var.bundle}/connect.zip"
  built_for = trimspace(try(file("${var.bundle}/architecture"), var.architecture)) # as in modules/function
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:tracing is not part of the flow.
  #checkov:skip=CKV_AWS_115:handshakes are bounded by the stage's throttling.
  #checkov:skip=CKV_AWS_116:a dead-letter queue serves asynchronous invocations; a handshake waits for its answer.
  #checkov:skip=CKV_AWS_117:the function needs no VPC, only AWS's own endpoints.
  #checkov:skip=CKV_AWS_173:Lambda encrypts the environment with its own key, and no secret is in it.
  #checkov:skip=CKV_AWS_272:the bundle's hashes are checked before a deployment; signing needs an account-wide profile.
  function_name    = var.name
  role             = aws_iam_role.this.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = local.package
  source_code_hash = fileexists(local.package) ? filebase64sha256(local.package) : null # refused below
  memory_size      = 128
  timeout          = 5 # seconds; the client waits that long

  # Without a stream to put events into, it only answers.
  environment {
    variables = var.stream == null ? {} : { STREAM_NAME = var.stream.name }
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  tags = var.tags

  lifecycle {
    precondition {
      condition     = fileexists(local.package)
      error_message = "${local.package} does not exist: build the bundle first, or set bundle to the folder that holds it."
    }

    precondition {
      condition     = local.built_for == var.architecture
      error_message = "architecture is ${var.architecture}, but the zips in ${var.bundle} were built for ${local.built_for}: build the bundle for ${var.architecture}, or remove architecture from the tfvars."
    }
  }
}

# Lambda would create this group itself, without retention, and leave it behind.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:how long logs are kept is the caller's choice (log_retention_days).
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn

  tags = var.tags
}

resource "aws_iam_role" "this" {
  name                 = coalesce(var.role_name, "${var.name}-function")
  path                 = var.iam.path
  permissions_boundary = var.iam.permissions_boundary
  description          = "The function ${var.name} answers handshakes."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })

  tags = var.tags

  # Under a new name, the function must have the new role before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}

# It writes logs and, where CONNECT events go to the stream, puts records into it, encrypted with its customer key.
resource "aws_iam_role_policy" "this" {
  name = "connect"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] # the group's streams; their names are Lambda's
      }],
      [for stream in var.stream == null ? [] : [var.stream] : {
        Sid      = "PutRecord"
        Effect   = "Allow"
        Action   = ["kinesis:PutRecord"]
        Resource = [stream.arn]
      }],
      [for key in compact([try(var.stream.customer_key_arn, null)]) : {
        Sid      = "EncryptRecord"
        Effect   = "Allow"
        Action   = ["kms:GenerateDataKey"]
        Resource = [key]
      }],
    )
  })
}
